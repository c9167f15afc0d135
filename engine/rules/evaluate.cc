// How it works: a loop over the operations; see program.h for what they mean.
// Tested by tests/engine/rules/evaluate_test.cc, tests/cases/rules/*.case on both paths, tests/fuzz/table_text_fuzz.cc.
#include "engine/rules/evaluate.h"

#include "engine/rules/expand.h"
#include "engine/rules/explain.h"

namespace headgate::rules {

namespace {

// What one test came to. `failed` is neither true nor false: the test does not hold, negated or not.
struct Tested {
  match::Answer answer = match::Answer::no;
  Asked asked = Asked::scan;
  const std::string* error = nullptr;
};

// The scan's word is final unless it would make a rule win.
Tested run_test(const Op& op, Truth& truth) {
  const Opinion opinion = truth.opinion(op.index);
  if (opinion != Opinion::ask) {
    const bool holds = (opinion == Opinion::yes) != op.negated;
    if (!holds || op.role == Role::guard) {
      return {opinion == Opinion::yes ? match::Answer::yes : match::Answer::no, Asked::scan,
              nullptr};
    }
  }
  bool from_memory = false;
  const match::Outcome& outcome = truth.ask(op.index, &from_memory);
  return {outcome.answer, from_memory ? Asked::memory : Asked::reference, &outcome.error};
}

bool holds(const Tested& tested, bool negated) {
  return tested.answer != match::Answer::failed && (tested.answer == match::Answer::yes) != negated;
}

void record(Trace& trace, const Op& op, const Tested& tested, Truth& truth, bool passed) {
  Step step{op.line, op.role, op.negated, op.index, tested.asked, tested.answer, passed, {}, {}};
  if (tested.error != nullptr) step.error = *tested.error;
  if (tested.answer == match::Answer::yes && tested.asked != Asked::scan)
    step.groups = truth.captures(op.index);
  trace.steps.push_back(std::move(step));
}

Hit win(const Rule& rule, Truth& truth, std::string_view text) {
  if (!needs_captures(rule.value)) return Hit{&rule, expand(rule.value, text, {})};
  return Hit{&rule, expand(rule.value, text, truth.captures(rule.pattern))};
}

}  // namespace

std::optional<Hit> evaluate(const Program& program, Truth& truth, std::string_view text,
                            const WarningSink& warn, Trace* trace) {
  truth.reset(text);
  const std::vector<Op>& ops = program.ops();
  std::size_t at = 0;
  while (at < ops.size()) {
    const Op& op = ops[at];
    if (op.kind == OpKind::emit) {
      Hit hit = win(program.rules()[op.index], truth, text);
      if (trace != nullptr) trace->winner = hit;
      return hit;
    }
    const Tested tested = run_test(op, truth);
    if (tested.answer == match::Answer::failed) {
      warn(Diagnostic{Severity::warning, program.complaint(op.line, *tested.error), program.name(),
                      op.line, 0});
    }
    const bool passed = holds(tested, op.negated);
    if (trace != nullptr) record(*trace, op, tested, truth, passed);
    at = passed ? at + 1 : op.target;
  }
  return std::nullopt;
}

}  // namespace headgate::rules
