// How it works: the same Program, with each reference engine behind one that counts. Tested by tests/bench/peers_test.cc.
#include "bench/peers/asked.h"

#include "bench/peers/cpu_clock.h"
#include "bench/peers/ours.h"
#include "bench/peers/rounds.h"

namespace headgate::peers {

namespace {

class Counting final : public match::Confirmer {
 public:
  Counting(std::shared_ptr<const match::Confirmer> inner, Asked& asked)
      : inner_(std::move(inner)), asked_(asked) {}

  match::Outcome test(std::string_view subject, match::Scratch& scratch,
                      std::vector<match::Group>* groups) const override {
    const double begun = wall_seconds();
    match::Outcome outcome = inner_->test(subject, scratch, groups);
    asked_.nanoseconds += (wall_seconds() - begun) * 1e9;
    ++asked_.times;
    return outcome;
  }

  [[nodiscard]] std::size_t group_count() const override { return inner_->group_count(); }

 private:
  std::shared_ptr<const match::Confirmer> inner_;
  Asked& asked_;
};

}  // namespace

std::vector<Asked> ask_counts(const rules::Program& program, KeyKind kind, const Sample& sample) {
  std::vector<Asked> asked(program.patterns().size());
  rules::ProgramParts parts;
  parts.dialect = program.dialect();
  parts.name = program.name();
  parts.patterns = program.patterns();
  parts.rules = program.rules();
  parts.ops = program.ops();
  parts.plan = program.plan();
  for (std::size_t i = 0; i < asked.size(); ++i)
    parts.patterns[i].reference =
        std::make_shared<const Counting>(parts.patterns[i].reference, asked[i]);
  const Made ours = make_ours(std::make_shared<const rules::Program>(std::move(parts)), kind);
  Hits hits;
  scan_sample(*ours.peer, sample, hits);
  return asked;
}

}  // namespace headgate::peers
