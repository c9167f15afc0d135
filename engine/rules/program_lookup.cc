// Tested by tests/cases/rules/run_cases_test.cc.
#include "engine/rules/program_lookup.h"

#include <utility>

#include "engine/rules/evaluate.h"

namespace headgate::rules {

ProgramLookup::ProgramLookup(std::shared_ptr<const Program> program, std::string name,
                             WarningSink warn, Path path, const RuleRows* count_into)
    : program_(std::move(program)),
      name_(std::move(name)),
      warn_(std::move(warn)),
      truth_(*program_, path) {
  if (count_into != nullptr) tally_ = std::make_unique<Tally>(*count_into, *program_);
  if (!warn_) warn_ = [](const Diagnostic&) {};
}

Result<std::optional<Found>> ProgramLookup::find(std::string_view key) {
  auto hit = evaluate(*program_, truth_, key, warn_);
  if (!hit) return std::nullopt;
  if (tally_)
    tally_->count(static_cast<std::size_t>(hit->rule - program_->rules().data()), key.size());
  return Found{std::move(hit->value), name_, hit->rule->line};
}

}  // namespace headgate::rules
