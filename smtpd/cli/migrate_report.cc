// Tested by tests/smtpd/cli/migrate_test.cc.
#include "smtpd/cli/migrate_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace headgate::cli {

namespace {

using rules::Certainty;

std::string_view name_of(Certainty certainty) {
  switch (certainty) {
    case Certainty::proven:
      return "proven";
    case Certainty::tested:
      return "tested";
    case Certainty::left:
      break;
  }
  return "left out";
}

std::string rule_as_text(const rules::MigratedRule& rule) {
  std::string text = fmt::format("  line {}: {}{}: {}", rule.line, rule.is_guard ? "if " : "",
                                 text::printable(rule.before), name_of(rule.certainty));
  if (rule.certainty == Certainty::tested)
    text += fmt::format(" on {} texts, not proven", rule.subjects);
  text += fmt::format(": {}\n", text::printable(rule.why));
  if (rule.certainty == Certainty::left) return text;
  if (rule.after != rule.before)
    text += fmt::format("      now line {}: {}\n", rule.new_line, text::printable(rule.after));
  for (const std::string& change : rule.changes)
    text += fmt::format("      {}\n", text::printable(change));
  return text;
}

}  // namespace

bool MigratedTable::complete() const {
  return migration.count(Certainty::left) == 0 && migration.disagreements.empty() &&
         migration.skipped.empty() && migration.why_not_grouped.empty();
}

std::string migration_as_text(const MigratedTable& table, bool every_rule) {
  const rules::Migration& m = table.migration;
  std::string text = fmt::format("{} -> {}: {} pattern(s): {} proven, {} tested, {} left out\n",
                                 table.from, table.to, m.rules.size(), m.count(Certainty::proven),
                                 m.count(Certainty::tested), m.count(Certainty::left));
  for (const rules::MigratedRule& rule : m.rules)
    if (every_rule || rule.certainty != Certainty::proven) text += rule_as_text(rule);
  for (const rules::MigratedGroup& group : m.groups) {
    text += fmt::format("  line {}: if {} around {} rule(s){}: proven\n", group.new_line,
                        text::printable(group.guard), group.rules,
                        group.moved == 0 ? ""
                                         : fmt::format(", {} of them moved up over rules that "
                                                       "cannot match what they match",
                                                       group.moved));
  }
  for (const rules::SkippedLine& line : m.skipped) {
    text += fmt::format("  line {}: {}: could not be carried over: Postfix skips it: {}\n",
                        line.line, text::printable(line.text), text::printable(line.why));
  }
  if (m.lost_all()) text += "  nothing of the old table would be in force in the new one\n";
  if (!m.why_not_grouped.empty())
    text += fmt::format("  not grouped: {}\n", text::printable(m.why_not_grouped));
  text +=
      fmt::format("  whole tables compared on {} texts made for them and {} of the corpus: {}\n",
                  m.made_subjects, m.corpus_subjects,
                  m.disagreements.empty() ? "no difference" : "THEY DIFFER");
  if (m.dear_subjects > 0) {
    text += fmt::format("  {} longer texts were not tried (too dear): regexec takes too long\n",
                        m.dear_subjects);
  }
  for (const rules::Disagreement& d : m.disagreements) {
    text += fmt::format("    \"{}\": {} -> {}\n", text::printable(d.subject),
                        text::printable(d.before), text::printable(d.after));
  }
  return text;
}

nlohmann::json migration_as_json(const MigratedTable& table, bool with_text) {
  const rules::Migration& m = table.migration;
  nlohmann::json document{{"from", table.from},
                          {"to", table.to},
                          {"complete", table.complete()},
                          {"proven", m.count(Certainty::proven)},
                          {"tested", m.count(Certainty::tested)},
                          {"left", m.count(Certainty::left)},
                          {"made_subjects", m.made_subjects},
                          {"corpus_subjects", m.corpus_subjects}};
  document["rules"] = nlohmann::json::array();
  for (const rules::MigratedRule& rule : m.rules) {
    document["rules"].push_back(
        {{"line", rule.line},
         {"new_line", rule.new_line},
         {"kind", rule.is_guard ? "if" : "rule"},
         {"certainty", rule.certainty == Certainty::left ? "left" : name_of(rule.certainty)},
         {"before", rule.before},
         {"after", rule.after},
         {"why", rule.why},
         {"subjects", rule.subjects},
         {"untried", rule.untried},
         {"changes", rule.changes}});
  }
  document["groups"] = nlohmann::json::array();
  for (const rules::MigratedGroup& group : m.groups) {
    document["groups"].push_back({{"guard", group.guard},
                                  {"line", group.new_line},
                                  {"rules", group.rules},
                                  {"moved", group.moved}});
  }
  document["not_grouped"] = m.why_not_grouped;
  document["skipped"] = nlohmann::json::array();
  for (const rules::SkippedLine& line : m.skipped)
    document["skipped"].push_back({{"line", line.line}, {"text", line.text}, {"why", line.why}});
  document["dear_subjects"] = m.dear_subjects;
  document["warnings"] = nlohmann::json::array();
  for (const Diagnostic& warning : m.warnings) document["warnings"].push_back(warning.text);
  document["differences"] = nlohmann::json::array();
  for (const rules::Disagreement& d : m.disagreements)
    document["differences"].push_back(
        {{"subject", d.subject}, {"before", d.before}, {"after", d.after}});
  if (with_text) document["text"] = m.text;
  return document;
}

}  // namespace headgate::cli
