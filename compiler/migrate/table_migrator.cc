// How it works: each step takes the text of the one before and is parsed anew, so that what is compared in the end is what
// Postfix would read. Rules that were left out are left out of the old table too, for the comparison. A grouping that changes an
// answer, or what is asked in an emergency, is given up.
// Tested by tests/compiler/migrate/table_test.cc.
#include "compiler/migrate/table_migrator.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/analyse/subjects.h"
#include "compiler/migrate/group.h"
#include "compiler/migrate/parsed_table.h"
#include "compiler/migrate/pattern_trial.h"
#include "compiler/migrate/to_pcre.h"
#include "engine/base/text.h"
#include "engine/rules/compare.h"

namespace headgate::migrate {

namespace {

using rules::Certainty;
using rules::Disagreement;
using rules::MigratedRule;
using rules::Migration;
using rules::MigrationRequest;

constexpr std::size_t kMostDisagreements = 20;
constexpr std::size_t kMostTests =
    8'000'000;  // of a pattern on a text, when whole tables are compared
constexpr std::size_t kLeastSubjects = 200;

std::string shown(const rules::KeyAnswer& answer) {
  std::string text = answer.value ? fmt::format("line {}: {}", answer.line, *answer.value)
                                  : std::string("no match");
  for (const std::string& failure : answer.failures) text += " (" + failure + ")";
  return text;
}

// The old and the new table, as they are asked when all is well, or in an emergency.
struct Pair {
  Pair(std::shared_ptr<const rules::Program> before, std::shared_ptr<const rules::Program> after,
       std::string situation)
      : comparison(std::move(before), std::move(after)), when(std::move(situation)) {}

  rules::Comparison comparison;
  std::string when;
};

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
      longest_ = translated.longest;
    } else {
      keep_rows(old_table);
      subjects = subjects_of(old_table);
      if (const int line = dear_line(old_table); line != 0) {
        result_.why_not_grouped =
            fmt::format("line {}: not tried (too dear): regexec takes too long for it", line);
        keep_skipped(old_table);
        return std::move(result_);
      }
    }
    const front::Dialect dialect =
        result_.dialect == rules::Dialect::pcre ? front::Dialect::pcre : front::Dialect::regexp;
    keep_skipped(old_table);
    std::sort(subjects.begin(), subjects.end());
    subjects.erase(std::unique(subjects.begin(), subjects.end()), subjects.end());
    if (request_.group) {
      const Migration flat = result_;
      TRY_OK(group(dialect));
      TRY_OK(compare(old_table, left_out, dialect, subjects));
      if (result_.disagreements.empty()) return std::move(result_);
      // Then what was thought of moving rules is wrong: nothing of it is kept, and nothing said of it.
      const Disagreement& first = result_.disagreements[0];
      const std::string why = fmt::format("\"{}\": {} -> {}", text::printable(first.subject),
                                          first.before, first.after);
      result_ = flat;
      result_.why_not_grouped = why;
    }
    TRY_OK(compare(old_table, left_out, dialect, subjects));
    if (!result_.disagreements.empty()) doubt_all();
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

  // Of the first rule that regexec cannot be asked about; 0: none.
  static int dear_line(const ParsedTable& table) {
    if (table.dialect != front::Dialect::regexp) return 0;
    PatternTrials trials(table.patterns);
    for (const front::Statement& statement : table.file.statements) {
      if (statement.kind == front::StatementKind::end) continue;
      if (trials.is_dear(statement.pattern, highest_group(statement)) ||
          (statement.has_second && trials.is_dear(statement.second, 0)))
        return statement.line;
    }
    return 0;
  }

  void keep_skipped(const ParsedTable& table) {
    for (const Item& item : table.items)
      if (item.kind == ItemKind::skipped)
        result_.skipped.push_back({item.first_line, item.lines[0], item.why});
  }

  // Two tables that differ: no row's proof is worth more than what was seen.
  void doubt_all() {
    for (MigratedRule& row : result_.rules) {
      if (row.certainty != Certainty::proven) continue;
      row.certainty = Certainty::tested;
      row.why = "the whole tables differ: see below";
    }
  }

  Result<void> compare(const ParsedTable& old_table, const std::vector<bool>& left_out,
                       front::Dialect dialect, const std::vector<std::string>& subjects) {
    TRY(new_table, parse_table(dialect, request_.name, result_.text));
    std::vector<Pair> pairs;
    pairs.emplace_back(old_table.program(left_out), new_table.program(), "");
    const bool old_marks = old_table.has_emergency_marks(left_out);
    const bool new_marks = new_table.has_emergency_marks();
    if (old_marks || new_marks) {
      // Without marks the whole table is asked in an emergency, too.
      const auto subset = [](bool marks) {
        return marks ? back::Subset::emergency : back::Subset::all;
      };
      pairs.emplace_back(old_table.program(left_out, subset(old_marks)),
                         new_table.program({}, subset(new_marks)), "in an emergency: ");
    }
    const std::size_t rules = old_table.file.statements.size() + 1;
    const std::size_t most = std::max(kLeastSubjects, kMostTests / (2 * rules));
    const std::size_t step = subjects.size() / most + 1;
    for (std::size_t i = 0; i < subjects.size(); i += step) {
      if (is_dear(subjects[i])) continue;
      ask(pairs, subjects[i]);
      ++result_.made_subjects;
    }
    for (const std::string_view key : request_.corpus) {
      if (request_.go_on && !request_.go_on()) break;
      if (is_dear(key)) continue;
      ask(pairs, key);
      ++result_.corpus_subjects;
    }
    return {};
  }

  bool is_dear(std::string_view text) {
    if (text.size() <= longest_) return false;
    ++result_.dear_subjects;
    return true;
  }

  void ask(std::vector<Pair>& pairs, std::string_view subject) {
    const std::string_view key = subject.substr(0, subject.find('\0'));
    for (Pair& pair : pairs) {
      const auto difference = pair.comparison.compare(key);
      if (!difference) continue;
      if (result_.disagreements.size() < kMostDisagreements)
        result_.disagreements.push_back({std::string(key), pair.when + shown(difference->before),
                                         pair.when + shown(difference->after)});
      return;
    }
  }

  const MigrationRequest& request_;
  Migration result_;
  std::size_t longest_ = std::string::npos;  // text that may be asked about
};

}  // namespace

Result<Migration> TableMigrator::migrate(const MigrationRequest& request) {
  return Run(request).run();
}

}  // namespace headgate::migrate
