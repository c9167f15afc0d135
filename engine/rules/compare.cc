// Tested by tests/engine/rules/compare_test.cc.
#include "engine/rules/compare.h"

#include <utility>

#include "engine/rules/evaluate.h"

namespace headgate::rules {

ReferenceAnswers::ReferenceAnswers(std::shared_ptr<const Program> program)
    : program_(std::move(program)), truth_(*program_, Path::confirm_only) {}

KeyAnswer ReferenceAnswers::answer(std::string_view key) {
  KeyAnswer answer;
  const auto failed = [&answer](const Diagnostic& diagnostic) {
    answer.failures.push_back(diagnostic.text);
  };
  auto hit = evaluate(*program_, truth_, key, failed);
  if (!hit) return answer;
  answer.value = std::move(hit->value);
  answer.line = hit->rule->line;
  return answer;
}

bool same_outcome(const KeyAnswer& before, const KeyAnswer& after) {
  return before.value == after.value && before.failures.empty() == after.failures.empty();
}

Comparison::Comparison(std::shared_ptr<const Program> before, std::shared_ptr<const Program> after)
    : before_(std::move(before)), after_(std::move(after)) {}

std::optional<KeyDifference> Comparison::compare(std::string_view key) {
  KeyDifference found{before_.answer(key), after_.answer(key)};
  if (same_outcome(found.before, found.after)) return std::nullopt;
  return found;
}

}  // namespace headgate::rules
