// Tested by tests/engine/rules/evaluate_test.cc, on random programs against the walk that stops everywhere.
#include "engine/rules/walk.h"

namespace headgate::rules {

namespace {

bool is_stop(const Op& op) { return op.kind == OpKind::test && op.role != Role::second; }

bool is_always(const Op& op) { return is_stop(op) && op.role == Role::rule && op.negated; }

}  // namespace

Walk::Walk(const std::vector<Op>& ops, std::size_t patterns) : first_(patterns + 1, 0) {
  for (const Op& op : ops) {
    if (is_stop(op) && !is_always(op)) ++first_[op.index + 1];
  }
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  stops_.resize(first_.back());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  std::vector<std::uint32_t> open;
  for (std::uint32_t at = 0; at < ops.size(); ++at) {
    const Op& op = ops[at];
    while (!open.empty() && ops[open.back()].target <= at) open.pop_back();
    enclosing_.push_back(open.empty() ? kNoOp : open.back());
    if (is_always(op))
      always_.push_back(at);
    else if (is_stop(op))
      stops_[next[op.index]++] = at;
    if (op.kind == OpKind::test && op.role == Role::guard) open.push_back(at);
  }
}

}  // namespace headgate::rules
