// How it works: each step takes the text of the one before and is parsed anew, so that what is compared in the end is what
// Postfix would read. Rules that were left out are left out of the old table too, for the comparison.
// Tested by tests/compiler/migrate/table_test.cc.
#include "compiler/migrate/table_migrator.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/analyse/subjects.h"
#include "compiler/migrate/group.h"
#include "compiler/migrate/parsed_table.h"
#include "compiler/migrate/to_pcre.h"
#include "engine/rules/compare.h"

namespace headgate::migrate {

namespace {

using rules::Certainty;
using rules::MigratedRule;
using rules::Migration;
using rules::MigrationRequest;

constexpr std::size_t kMostDisagreements = 20;
constexpr std::size_t kMostTests =
    8'000'000;  // of a pattern on a text, when whole tables are compared
constexpr std::size_t kLeastSubjects = 200;
constexpr std::size_t kKeysBetween = 64;  // two questions whether to go on

std::string shown(const rules::KeyAnswer& answer) {
  std::string text = answer.value ? fmt::format("line {}: {}", answer.line, *answer.value)
                                  : std::string("no match");
  for (const std::string& failure : answer.failures) text += " (" + failure + ")";
  return text;
}

class Run {
 public:
  explicit Run(const MigrationRequest& request) : request_(request) {}

  Result<Migration> run() {
    const bool from_pcre = request_.from == rules::Dialect::pcre;
    TRY(old_table, parse_table(from_pcre ? front::Dialect::pcre : front::Dialect::regexp,
                               request_.name, request_.text));
    result_.warnings = old_table.warnings;
    result_.dialect = request_.from;
    result_.text = request_.text;
    std::vector<bool> left_out;
    std::vector<std::string> subjects;
    if (request_.to_pcre && !from_pcre) {
      PcreTable translated = to_pcre(old_table);
      result_.dialect = rules::Dialect::pcre;
      result_.text = std::move(translated.text);
      result_.rules = std::move(translated.rules);
      left_out = std::move(translated.left_out);
      subjects = std::move(translated.subjects);
    } else {
      keep_rows(old_table);
      subjects = subjects_of(old_table);
    }
    const front::Dialect dialect =
        result_.dialect == rules::Dialect::pcre ? front::Dialect::pcre : front::Dialect::regexp;
    if (request_.group) TRY_OK(group(dialect));
    TRY(new_table, parse_table(dialect, request_.name, result_.text));
    compare(old_table, left_out, new_table, subjects);
    return std::move(result_);
  }

 private:
  void keep_rows(const ParsedTable& table) {
    for (const front::Statement& statement : table.file.statements) {
      if (statement.kind == front::StatementKind::end) continue;
      MigratedRule row;
      row.line = row.new_line = statement.line;
      row.is_guard = statement.kind == front::StatementKind::guard;
      row.before = row.after = shown_pattern(statement.pattern);
      row.why = "it is as it was";
      result_.rules.push_back(std::move(row));
    }
  }

  static std::vector<std::string> subjects_of(const ParsedTable& table) {
    std::vector<std::string> all;
    analyse::SubjectOptions options;
    options.count = 12;
    options.max_length = 300;
    std::string guards;  // what the guards before want, roughly
    for (const front::Statement& statement : table.file.statements) {
      if (statement.kind == front::StatementKind::end) {
        guards.clear();
        continue;
      }
      const auto made = analyse::subjects(table.dialect, statement.pattern, options);
      for (const std::string& text : made) {
        all.push_back(text);
        if (!guards.empty()) all.push_back(guards + text);
      }
      if (statement.kind == front::StatementKind::guard && !made.empty()) guards += made.front();
    }
    return all;
  }

  Result<void> group(front::Dialect dialect) {
    TRY(flat, parse_table(dialect, request_.name, result_.text));
    GroupedTable grouped = group_table(flat);
    result_.text = std::move(grouped.text);
    result_.groups = std::move(grouped.groups);
    std::vector<MigratedRule> kept;
    for (MigratedRule& row : result_.rules) {
      if (row.new_line != 0) {
        const auto found = grouped.new_lines.find(row.new_line);
        // An if that became part of another one.
        if (found == grouped.new_lines.end() && row.is_guard) {
          row.why = "its rules stand in another if for the same name";
          row.new_line = 0;
        } else if (found != grouped.new_lines.end()) {
          row.new_line = found->second;
        }
      }
      kept.push_back(std::move(row));
    }
    result_.rules = std::move(kept);
    return {};
  }

  void compare(const ParsedTable& old_table, const std::vector<bool>& left_out,
               const ParsedTable& new_table, std::vector<std::string>& subjects) {
    rules::Comparison comparison(old_table.program(left_out), new_table.program());
    std::sort(subjects.begin(), subjects.end());
    subjects.erase(std::unique(subjects.begin(), subjects.end()), subjects.end());
    const std::size_t rules = old_table.file.statements.size() + 1;
    const std::size_t most = std::max(kLeastSubjects, kMostTests / (2 * rules));
    const std::size_t step = subjects.size() / most + 1;
    for (std::size_t i = 0; i < subjects.size(); i += step) {
      ask(comparison, subjects[i]);
      ++result_.made_subjects;
    }
    for (const std::string_view key : request_.corpus) {
      if (result_.corpus_subjects % kKeysBetween == 0 && request_.go_on && !request_.go_on())
        return;
      ask(comparison, key);
      ++result_.corpus_subjects;
    }
  }

  void ask(rules::Comparison& comparison, std::string_view subject) {
    const std::string_view key = subject.substr(0, subject.find('\0'));
    const auto difference = comparison.compare(key);
    if (!difference || result_.disagreements.size() >= kMostDisagreements) return;
    result_.disagreements.push_back(
        {std::string(key), shown(difference->before), shown(difference->after)});
  }

  const MigrationRequest& request_;
  Migration result_;
};

}  // namespace

Result<Migration> TableMigrator::migrate(const MigrationRequest& request) {
  return Run(request).run();
}

}  // namespace headgate::migrate
