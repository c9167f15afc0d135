// Tested by tests/cases/rules/run_cases_test.cc.
#include "engine/rules/program_lookup.h"

#include <utility>

#include "engine/rules/evaluate.h"

namespace headgate::rules {

ProgramLookup::ProgramLookup(std::shared_ptr<const Program> program, std::string name,
                             WarningSink warn, Path path, const RuleRows* count_into,
                             std::shared_ptr<match::Scratch> scratch)
    : program_(std::move(program)),
      name_(std::move(name)),
      warn_(std::move(warn)),
      truth_(*program_, path, std::move(scratch)) {
  if (count_into != nullptr) tally_ = std::make_unique<Tally>(*count_into, *program_);
  if (!warn_) warn_ = [](const Diagnostic&) {};
}

Result<std::optional<Found>> ProgramLookup::find(std::string_view key) {
  truth_.reset(key);
  return evaluate_text();
}

bool ProgramLookup::scan(std::string_view block, std::vector<std::uint32_t>& touched) {
  truth_.scan_block(block, touched);
  return true;
}

Result<std::optional<Found>> ProgramLookup::find_line(std::uint32_t offset, std::string_view line) {
  truth_.reset_to_line(offset, line);
  return evaluate_text();
}

std::optional<Found> ProgramLookup::evaluate_text() {
  auto hit = evaluate(*program_, truth_, warn_);
  if (!hit) return std::nullopt;
  if (tally_)
    tally_->count(static_cast<std::size_t>(hit->rule - program_->rules().data()),
                  truth_.text().size());
  return Found{std::move(hit->value), name_, hit->rule->line};
}

}  // namespace headgate::rules
