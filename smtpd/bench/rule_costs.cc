// How it works: a walk over the sample counts how often Postfix comes to a test and what it answers; then each pattern
// alone goes over all texts, because a clock around a single match would measure the clock.
// Tested by tests/smtpd/bench/measure_test.cc.
#include "smtpd/bench/rule_costs.h"

#include "bench/peers/cpu_clock.h"
#include "engine/match/scratch.h"

namespace headgate::bench {

namespace {

class Costs {
 public:
  Costs(const rules::Program& program, const peers::Sample& sample)
      : program_(program), sample_(sample), of_op_(program.ops().size()) {}

  std::vector<RuleRow> run(const peers::Hits& hits, const std::function<void(double)>& on_done) {
    walk();
    std::vector<RuleRow> rows;
    const std::vector<rules::Op>& ops = program_.ops();
    for (std::size_t at = 0; at < ops.size(); ++at) {
      if (ops[at].kind != rules::OpKind::test) continue;
      rows.push_back(row(at, hits));
      if (on_done) on_done(static_cast<double>(at) / static_cast<double>(ops.size()));
    }
    return rows;
  }

 private:
  struct Met {
    std::uint64_t tested = 0, matched = 0;
  };

  [[nodiscard]] match::Answer ask(std::uint32_t pattern, std::string_view text) {
    return program_.patterns()[pattern].reference->test(text, scratch_, nullptr).answer;
  }

  void walk() {
    const std::vector<rules::Op>& ops = program_.ops();
    for (const peers::Section& section : sample_.sections) {
      for (const std::string_view text : section.texts) {
        std::size_t at = 0;
        while (at < ops.size() && ops[at].kind == rules::OpKind::test) {
          const match::Answer answer = ask(ops[at].index, text);
          const bool yes = answer == match::Answer::yes;
          const bool holds = answer != match::Answer::failed && yes != ops[at].negated;
          ++of_op_[at].tested;
          of_op_[at].matched += yes ? 1 : 0;
          at = holds ? at + 1 : ops[at].target;
        }
      }
    }
  }

  double nanoseconds(std::uint32_t pattern) {
    const double begun = peers::thread_cpu_seconds();
    for (const peers::Section& section : sample_.sections)
      for (const std::string_view text : section.texts) static_cast<void>(ask(pattern, text));
    const double taken = peers::thread_cpu_seconds() - begun;
    return sample_.texts == 0 ? 0 : taken * 1e9 / static_cast<double>(sample_.texts);
  }

  RuleRow row(std::size_t at, const peers::Hits& hits) {
    const rules::Op& op = program_.ops()[at];
    const rules::Pattern& pattern = program_.patterns()[op.index];
    RuleRow row;
    row.line = op.line;
    row.guard = op.role == rules::Role::guard;
    row.negated = op.negated;
    row.pattern = pattern.text;
    row.flags = pattern.flags;
    row.strategy = rules::name_of(pattern.strategy);
    row.reason = pattern.reason;
    row.tested = of_op_[at].tested;
    row.matched = of_op_[at].matched;
    row.nanoseconds = nanoseconds(op.index);
    if (row.guard || program_.ops()[at + 1].kind != rules::OpKind::emit) return row;
    const std::uint32_t rule = program_.ops()[at + 1].index;
    row.action = program_.rules()[rule].value_text;
    row.hits = rule < hits.by_rule.size() ? hits.by_rule[rule] : 0;
    return row;
  }

  const rules::Program& program_;
  const peers::Sample& sample_;
  std::vector<Met> of_op_;
  match::Scratch scratch_;
};

}  // namespace

std::vector<RuleRow> rule_rows(const rules::Program& program, const peers::Sample& sample,
                               const peers::Hits& hits,
                               const std::function<void(double)>& on_done) {
  return Costs(program, sample).run(hits, on_done);
}

}  // namespace headgate::bench
