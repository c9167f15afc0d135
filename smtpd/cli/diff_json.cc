// Tested by tests/smtpd/cli/diff_test.cc.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "smtpd/cli/diff_report.h"
#include "smtpd/cli/diff_words.h"

namespace headgate::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string_view kind_word(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::outcome:
      return "outcome";
    case ChangeKind::reply:
      return "reply";
    case ChangeKind::effects:
      return "effects";
    case ChangeKind::log:
      break;
  }
  return "log";
}

// As `match --json` has it, and the outcome in diff's words.
Json side(const MatchReport& report) {
  Json json = Json::parse(as_json(report));
  json.erase("message");
  json["outcome"] = outcome_word(report.verdict);
  return json;
}

Json change_json(const Change& change) {
  Json examples = Json::array();
  for (const Example& example : change.examples)
    examples.push_back({{"message", example.message},
                        {"old", side(example.before)},
                        {"new", side(example.after)}});
  return {{"kind", kind_word(change.kind)},
          {"from", change.from},
          {"to", change.to},
          {"what", change.what},
          {"messages", change.messages},
          {"examples", std::move(examples)}};
}

Json rule_json(const std::optional<ListedRule>& rule) {
  if (!rule) return nullptr;
  return {{"table", rule->table},
          {"line", rule->line},
          {"for", rule->body ? "body" : "header"},
          {"pattern", rule->pattern},
          {"action", rule->action}};
}

Json hits_json(const RuleHits& hits) { return {{"messages", hits.messages}, {"hits", hits.hits}}; }

Json outcomes_json(const Differences& differences, bool after) {
  Json json = Json::object();
  for (const std::string_view word : kOutcomes) {
    const auto& all = differences.outcomes(after);
    const auto found = all.find(word);
    json[std::string(word)] = found == all.end() ? 0 : found->second;
  }
  return json;
}

}  // namespace

std::string diff_json(const DiffFacts& facts) {
  const Differences& differences = facts.differences;
  Json changes = Json::array();
  for (const Change* change : differences.changes()) changes.push_back(change_json(*change));
  std::size_t unchanged = 0;
  Json rules = Json::array();
  for (const RuleDifference& rule : differences.rules(unchanged))
    rules.push_back(
        {{"change", change_word(rule.change)},
         {"old", rule_json(rule.before)},
         {"new", rule_json(rule.after)},
         {"hits", {{"old", hits_json(rule.hits_before)}, {"new", hits_json(rule.hits_after)}}}});
  const Json document = {
      {"old", facts.before},
      {"new", facts.after},
      {"corpus", facts.corpus},
      {"asked_for",
       {{"headers", facts.asked.headers},
        {"body", facts.asked.body},
        {"guessed", facts.asked.guessed}}},
      {"messages", differences.messages()},
      {"different", differences.different()},
      {"outcomes",
       {{"old", outcomes_json(differences, false)}, {"new", outcomes_json(differences, true)}}},
      {"changes", std::move(changes)},
      {"rules", std::move(rules)},
      {"rules_unchanged", unchanged}};
  // Mail holds any bytes; JSON only UTF-8. What is not becomes U+FFFD.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace headgate::cli
