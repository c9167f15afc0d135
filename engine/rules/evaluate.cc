// How it works: a walk over the operations; see program.h for what they mean. When the plan has named the patterns that may
// match, the walk goes from stop to stop (walk.h); else, and for a trace, from operation to operation.
// Tested by tests/engine/rules/evaluate_test.cc, tests/cases/rules/*.case on both paths, tests/fuzz/table_text_fuzz.cc.
#include "engine/rules/evaluate.h"

#include <algorithm>
#include <span>
#include <vector>

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

// The plan's word is final unless it would make a rule win, or a negated guard hold: there, a match limit that was reached
// against all expectation would be another verdict, and not only a warning less.
Tested run_test(const Op& op, Truth& truth) {
  const Opinion opinion = truth.opinion(op.index);
  if (opinion != Opinion::ask) {
    const bool holds = (opinion == Opinion::yes) != op.negated;
    if (!holds || (op.role == Role::guard && !op.negated)) {
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

// The places where a walk must stop, in order: those of the candidates, sorted once, and those that always are.
class Stops {
 public:
  Stops(const Program& program, const Truth& truth, std::vector<std::uint32_t>& room)
      : stops_(room), always_(program.walk().always()) {
    stops_.clear();
    for (const std::uint32_t pattern : truth.candidates()) {
      add(program.walk().rules(pattern));
      if (truth.doubts(pattern)) add(program.walk().guards(pattern));
    }
    std::sort(stops_.begin(), stops_.end());
  }

  // The first from `at` on, or kNoOp. `at` only grows.
  std::uint32_t next(std::uint32_t at) {
    return std::min(first(stops_, in_stops_, at), first(always_, in_always_, at));
  }

 private:
  void add(std::span<const std::uint32_t> places) {
    stops_.insert(stops_.end(), places.begin(), places.end());
  }

  static std::uint32_t first(const std::vector<std::uint32_t>& list, std::size_t& from,
                             std::uint32_t at) {
    while (from < list.size() && list[from] < at) ++from;
    return from < list.size() ? list[from] : kNoOp;
  }

  std::vector<std::uint32_t>& stops_;
  const std::vector<std::uint32_t>& always_;
  std::size_t in_stops_ = 0, in_always_ = 0;
};

class Evaluation {
 public:
  Evaluation(const Program& program, Truth& truth, const WarningSink& warn, Trace* trace)
      : program_(program),
        ops_(program.ops()),
        truth_(truth),
        warn_(warn),
        trace_(trace),
        guards_(truth.room_for_guards()) {}

  // Operation by operation.
  std::optional<Hit> walk() {
    std::uint32_t at = 0;
    while (at < ops_.size()) {
      if (ops_[at].kind == OpKind::emit) return emit(ops_[at]);
      at = step(at);
    }
    return std::nullopt;
  }

  // From stop to stop.
  std::optional<Hit> skip() {
    Stops stops(program_, truth_, truth_.room_for_stops());
    std::uint32_t at = 0;
    std::uint32_t from = 0;  // no stop before it is left
    while (true) {
      const std::uint32_t stop = stops.next(std::max(at, from));
      if (stop == kNoOp) return std::nullopt;
      from = stop + 1;
      // A rule that cannot be true is no reason to ask its guards.
      const Op& op = ops_[stop];
      if (!op.negated && op.role == Role::rule && truth_.opinion(op.index) == Opinion::no) continue;
      at = enter(program_.walk().enclosing(stop), at, stop);
      if (at != stop) continue;
      at = step(stop);
      if (op.role == Role::guard) continue;
      while (at < ops_.size() && ops_[at].kind == OpKind::test && ops_[at].role == Role::second)
        at = step(at);
      if (at < ops_.size() && ops_[at].kind == OpKind::emit) return emit(ops_[at]);
    }
  }

 private:
  // Through the guards around a stop that were not passed yet, the outermost first: to the stop, or past the one that failed.
  std::uint32_t enter(std::uint32_t guard, std::uint32_t at, std::uint32_t stop) {
    guards_.clear();
    for (; guard != kNoOp && guard >= at; guard = program_.walk().enclosing(guard))
      guards_.push_back(guard);
    for (; !guards_.empty(); guards_.pop_back()) {
      const std::uint32_t next = step(guards_.back());
      if (next != guards_.back() + 1) return next;
    }
    return stop;
  }

  std::uint32_t step(std::uint32_t at) {
    const Op& op = ops_[at];
    const Tested tested = run_test(op, truth_);
    if (tested.answer == match::Answer::failed) {
      warn_(Diagnostic{Severity::warning, program_.complaint(op.line, *tested.error),
                       program_.name(), op.line, 0});
    }
    const bool passed = holds(tested, op.negated);
    if (trace_ != nullptr) record(*trace_, op, tested, truth_, passed);
    return passed ? at + 1 : op.target;
  }

  std::optional<Hit> emit(const Op& op) {
    Hit hit = win(program_.rules()[op.index], truth_, truth_.text());
    if (trace_ != nullptr) trace_->winner = hit;
    return hit;
  }

  const Program& program_;
  const std::vector<Op>& ops_;
  Truth& truth_;
  const WarningSink& warn_;
  Trace* trace_;
  std::vector<std::uint32_t>& guards_;  // still to be passed, the innermost first
};

}  // namespace

std::optional<Hit> evaluate(const Program& program, Truth& truth, const WarningSink& warn,
                            Trace* trace) {
  Evaluation evaluation(program, truth, warn, trace);
  if (truth.all_candidates() || trace != nullptr) return evaluation.walk();
  if (truth.candidates().empty() && program.walk().always().empty()) return std::nullopt;
  return evaluation.skip();
}

std::optional<Hit> evaluate(const Program& program, Truth& truth, std::string_view text,
                            const WarningSink& warn, Trace* trace) {
  truth.reset(text);
  return evaluate(program, truth, warn, trace);
}

}  // namespace headgate::rules
