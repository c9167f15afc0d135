// Tested by tests/engine/rules/evaluate_test.cc, on random programs against the walk that stops everywhere.
#include "engine/rules/walk.h"

namespace headgate::rules {

namespace {

bool is_rule(const Op& op) { return op.kind == OpKind::test && op.role == Role::rule; }

bool is_guard(const Op& op) { return op.kind == OpKind::test && op.role == Role::guard; }

}  // namespace

template <class Wanted>
Walk::Places::Places(const std::vector<Op>& ops, std::size_t patterns, const Wanted& wanted)
    : first_(patterns + 1, 0) {
  for (const Op& op : ops) {
    if (wanted(op)) ++first_[op.index + 1];
  }
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  places_.resize(first_.back());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for (std::uint32_t at = 0; at < ops.size(); ++at) {
    if (wanted(ops[at])) places_[next[ops[at].index]++] = at;
  }
}

Walk::Walk(const std::vector<Op>& ops, std::size_t patterns)
    : rules_(ops, patterns, [](const Op& op) { return is_rule(op) && !op.negated; }),
      guards_(ops, patterns, is_guard) {
  std::vector<std::uint32_t> open;
  for (std::uint32_t at = 0; at < ops.size(); ++at) {
    const Op& op = ops[at];
    while (!open.empty() && ops[open.back()].target <= at) open.pop_back();
    enclosing_.push_back(open.empty() ? kNoOp : open.back());
    if (is_rule(op) && op.negated) always_.push_back(at);
    if (is_guard(op)) open.push_back(at);
  }
}

}  // namespace headgate::rules
