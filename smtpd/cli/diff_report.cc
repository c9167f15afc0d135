// Tested by tests/smtpd/cli/diff_test.cc.
#include "smtpd/cli/diff_report.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/cli/diff_words.h"

namespace headgate::cli {

namespace {

std::string shown_rule_text(const RuleDifference& rule, std::string_view indent) {
  std::string out;
  if (rule.before && rule.change == RuleChange::same)
    return fmt::format("{}  {}: {}\n", indent, place_of(rule.after->table, rule.after->line),
                       rule_text(*rule.after));
  if (rule.before)
    out += fmt::format("{}- {}: {}\n", indent, place_of(rule.before->table, rule.before->line),
                       rule_text(*rule.before));
  if (rule.after)
    out += fmt::format("{}+ {}: {}\n", indent, place_of(rule.after->table, rule.after->line),
                       rule_text(*rule.after));
  return out;
}

std::string rules_text(const DiffFacts& facts) {
  std::size_t unchanged = 0;
  const auto rules = facts.differences.rules(unchanged);
  if (rules.empty())
    return fmt::format("Rules: all {} say and hit the same.\n", count_of(unchanged));
  std::string out = fmt::format("Rules: {} differ, {} say and hit the same; messages hit:\n",
                                count_of(rules.size()), count_of(unchanged));
  std::size_t shown = 0;
  for (const RuleDifference& rule : rules) {
    if (facts.most_rules > 0 && shown == facts.most_rules) break;
    ++shown;
    out += fmt::format("  {:<8} {:>7} -> {}\n", change_word(rule.change),
                       count_of(rule.hits_before.messages), count_of(rule.hits_after.messages));
    out += shown_rule_text(rule, "    ");
  }
  if (shown < rules.size())
    out += fmt::format("  ... and {} (--limit)\n", count_of(rules.size() - shown, "more rule"));
  return out;
}

}  // namespace

std::string diff_text(const DiffFacts& facts) {
  const Differences& differences = facts.differences;
  std::string out = fmt::format("old: {}\nnew: {}\nasked for: {}\n\n{:<10} {:>9} {:>9}\n",
                                text::printable(facts.before), text::printable(facts.after),
                                asked_text(facts.asked), "messages", "old", "new");
  for (const std::string_view word : outcomes_of(differences))
    out += fmt::format("  {:<8} {:>9} {:>9}\n", word,
                       count_of(outcome_count(differences, false, word)),
                       count_of(outcome_count(differences, true, word)));
  out += fmt::format("\n{}\n", headline(facts.differences));
  for (const Change* change : differences.changes()) {
    out += fmt::format("\n{}: {}\n", change_title(*change, "->"),
                       count_of(change->messages, "message"));
    for (const Example& example : change->examples) {
      out += fmt::format("  {}\n", text::printable(example.message));
      for (const DiffLine& line : example_lines(*change, example))
        out += line.side == ' ' ? fmt::format("        {}\n", line.text)
                                : fmt::format("    {} {}\n", line.side, line.text);
    }
    if (change->examples.size() < change->messages)
      out += fmt::format("  ... and {} more (--limit)\n",
                         count_of(change->messages - change->examples.size()));
  }
  return out + '\n' + rules_text(facts);
}

}  // namespace headgate::cli
