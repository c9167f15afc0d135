// Code in a table stands in <code> with what Markdown could read as markup spelled as entities; examples stand in a fence, where
// every line begins with one of our own marks, so that none can close it.
// Tested by tests/smtpd/cli/diff_test.cc.
#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/cli/diff_report.h"
#include "smtpd/cli/diff_words.h"

namespace headgate::cli {

namespace {

// As code in a cell of a table.
std::string cell(std::string_view text) {
  std::string out = "<code>";
  for (const char c : text::printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '|':
        out += "&#124;";
        break;
      case '`':
        out += "&#96;";
        break;
      case '*':
        out += "&#42;";
        break;
      case '_':
        out += "&#95;";
        break;
      case '[':
        out += "&#91;";
        break;
      case '\\':
        out += "&#92;";
        break;
      case '~':
        out += "&#126;";
        break;
      case '@':
        out += "&#64;";
        break;
      case ':':
        out += "&#58;";  // no link is made of an address
        break;
      default:
        out += c;
    }
  }
  return out + "</code>";
}

std::string change_markdown(const Change& change) {
  std::string out = fmt::format("<details><summary>{}: {}</summary>\n\n```diff\n",
                                change_title(change, "→"), count_of(change.messages, "message"));
  for (const Example& example : change.examples) {
    out += fmt::format("@@ {} @@\n", text::printable(example.message));
    for (const DiffLine& line : example_lines(change, example))
      out += fmt::format("{} {}\n", line.side, line.side == ' ' ? "  | " + line.text : line.text);
  }
  out += "```\n";
  if (change.examples.size() < change.messages)
    out += fmt::format("… and {} more\n", count_of(change.messages - change.examples.size()));
  return out + "\n</details>\n\n";
}

std::string rules_markdown(const DiffFacts& facts) {
  std::size_t unchanged = 0;
  const auto rules = facts.differences.rules(unchanged);
  if (rules.empty())
    return fmt::format("All {} rules say and hit the same.\n", count_of(unchanged));
  std::string out = fmt::format(
      "<details><summary>{} of {} rules differ in what they say or hit</summary>\n\n"
      "| rule | change | messages hit, old | new |\n|---|---|---:|---:|\n",
      count_of(rules.size()), count_of(rules.size() + unchanged));
  std::size_t shown = 0;
  for (const RuleDifference& rule : rules) {
    if (facts.most_rules > 0 && shown == facts.most_rules) break;
    ++shown;
    const auto told = [](const ListedRule& one) {
      const std::string where = one.line > 0 ? fmt::format("line {} ", one.line) : std::string();
      return where + cell(rule_text(one));
    };
    std::string text = rule.before ? told(*rule.before) : std::string();
    if (rule.after && rule.change != RuleChange::same)
      text += (text.empty() ? "" : "<br>→ ") + told(*rule.after);
    out += fmt::format("| {} | {} | {} | {} |\n", text, change_word(rule.change),
                       count_of(rule.hits_before.messages), count_of(rule.hits_after.messages));
  }
  if (shown < rules.size())
    out += fmt::format("\n… and {}\n", count_of(rules.size() - shown, "more rule"));
  return out + "\n</details>\n";
}

}  // namespace

std::string diff_markdown(const DiffFacts& facts) {
  const Differences& differences = facts.differences;
  std::string out =
      fmt::format("### headgate diff: {} → {}\n\n**{}** Asked for: {}.\n\n", cell(facts.before),
                  cell(facts.after), headline(facts.differences), asked_text(facts.asked));
  if (differences.different() > 0) {
    out += "| change | messages |\n|---|---:|\n";
    for (const Change* change : differences.changes())
      out += fmt::format("| {} | {} |\n", change_title(*change, "→"), count_of(change->messages));
    out += '\n';
  }
  out += "| outcome | old | new |\n|---|---:|---:|\n";
  for (const std::string_view word : outcomes_of(differences))
    out +=
        fmt::format("| {} | {} | {} |\n", word, count_of(outcome_count(differences, false, word)),
                    count_of(outcome_count(differences, true, word)));
  out += '\n';
  for (const Change* change : differences.changes()) out += change_markdown(*change);
  return out + rules_markdown(facts);
}

}  // namespace headgate::cli
