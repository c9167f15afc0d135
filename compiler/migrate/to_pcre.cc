// How it works: first every statement's patterns are translated and it is known what must be left out (an if takes its body with
// it); then the items are written in their order.
// Tested by tests/compiler/migrate/table_test.cc and, against postmap, by tests/migrate.
#include "compiler/migrate/to_pcre.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/front/pattern_text.h"
#include "compiler/migrate/pattern_trial.h"
#include "compiler/migrate/pcre_spelling.h"
#include "compiler/migrate/written_table.h"
#include "engine/base/text.h"

namespace headgate::migrate {

namespace {

using front::Statement;
using front::StatementKind;
using rules::Certainty;
using rules::MigratedRule;

// As long as the longest header that cleanup(8) looks up by default, and a piece.
constexpr std::size_t kLongestKey = 102400 + 2048;
constexpr std::size_t kShortestTrusted = 1000;

struct Work {
  const TriedPattern* first = nullptr;
  const TriedPattern* second = nullptr;
  std::string left_why;
};

// With both delimiters and the flags.
std::string written(const Translation& translation, char delimiter) {
  std::string text = translation.text;
  if (!escape_delimiter(text, delimiter)) {
    delimiter = '/';
    text = translation.text;
    escape_delimiter(text, delimiter);
  }
  return delimiter + text + delimiter + translation.flags.letters;
}

class Writer {
 public:
  explicit Writer(const ParsedTable& table)
      : table_(table),
        trials_(table.patterns),
        work_(table.file.statements.size()),
        ends_(ends_of(table.file)) {}

  PcreTable run() {
    translate();
    leave_bodies_out();
    for (const Item& item : table_.items) write(item);
    result_.text = out_.text();
    collect_subjects();
    return std::move(result_);
  }

 private:
  void translate() {
    for (std::size_t i = 0; i < work_.size(); ++i) {
      const Statement& statement = table_.file.statements[i];
      if (statement.kind == StatementKind::end) continue;
      Work& work = work_[i];
      work.first = &trials_.of(statement.pattern, highest_group(statement));
      if (!work.first->translation) work.left_why = work.first->translation.error();
      result_.longest = std::min(result_.longest, work.first->longest);
      if (!statement.has_second) continue;
      work.second = &trials_.of(statement.second, 0);
      result_.longest = std::min(result_.longest, work.second->longest);
      if (!work.second->translation && work.left_why.empty())
        work.left_why = work.second->translation.error();
    }
  }

  void leave_bodies_out() {
    result_.left_out.assign(work_.size(), false);
    for (std::size_t i = 0; i < work_.size(); ++i) {
      if (work_[i].left_why.empty() || result_.left_out[i]) continue;
      result_.left_out[i] = true;
      if (table_.file.statements[i].kind != StatementKind::guard) continue;
      const std::size_t end = std::min(ends_[i], work_.size() - 1);
      for (std::size_t inside = i + 1; inside <= end; ++inside) {
        result_.left_out[inside] = true;
        if (work_[inside].left_why.empty())
          work_[inside].left_why =
              fmt::format("it stands in the if of line {}", table_.file.statements[i].line);
      }
    }
  }

  void write(const Item& item) {
    if (item.kind == ItemKind::loose) return out_.add_loose(item);
    if (item.kind == ItemKind::skipped) return out_.add_commented_out(item, why_skipped(item));
    const Statement& statement = table_.file.statements[item.statement];
    const Work& work = work_[item.statement];
    MigratedRule row;
    row.line = statement.line;
    row.is_guard = statement.kind == StatementKind::guard;
    if (statement.kind != StatementKind::end) {
      row.before = shown_pattern(statement.pattern);
      if (statement.has_second) row.before += shown_pattern(statement.second);
    }
    if (result_.left_out[item.statement]) {
      row.certainty = Certainty::left;
      row.why = work.left_why;
      out_.add_commented_out(item, "left as it was: " + row.why);
    } else if (statement.kind == StatementKind::end) {
      out_.add_kept(item);
    } else {
      write_changed(item, statement, work, row);
      judge(statement, work, row);
      if (row.untried > 0)
        row.why += fmt::format("; {} longer texts were not tried (too dear)", row.untried);
    }
    if (statement.kind != StatementKind::end) result_.rules.push_back(std::move(row));
  }

  void write_changed(const Item& item, const Statement& statement, const Work& work,
                     MigratedRule& row) {
    const auto silent = [](std::size_t, const std::string&) {};
    const std::string& s = item.logical;
    const std::size_t from = statement.kind == StatementKind::guard ? 2 : 0;
    const auto cut = front::cut_pattern(front::Dialect::regexp, s, from, silent);
    const std::size_t delimiter = static_cast<std::size_t>(cut->pattern.column) - 1;
    const std::string first =
        s.substr(0, delimiter) + written(*work.first->translation, s[delimiter]);
    row.after = shown(statement.pattern, *work.first->translation);
    if (statement.kind == StatementKind::guard) {
      row.new_line = out_.next_line();
      return write_guard(item, first, cut->next);
    }
    if (!statement.has_second) {
      row.new_line = out_.next_line();
      return out_.add_changed(item, first, cut->next);
    }
    const auto second = front::cut_pattern(front::Dialect::regexp, s, cut->next, silent);
    const std::size_t other = static_cast<std::size_t>(second->pattern.column) - 1;
    out_.add(fmt::format("if {}{}", statement.second.negated ? "!" : "",
                         written(*work.second->translation, s[other])));
    row.new_line = out_.next_line();
    out_.add_changed(item, first, second->next);
    out_.add("endif");
    row.after = fmt::format("if {} {} endif", shown(statement.second, *work.second->translation),
                            row.after);
    row.changes.push_back("the second pattern is an if around the rule");
  }

  // What stands behind the pattern of an if is ignored, with two warnings.
  void write_guard(const Item& item, const std::string& first, std::size_t covered) {
    const std::string_view extra = text::trim(std::string_view(item.logical).substr(covered));
    if (extra.empty() && item.lines.size() == 1 && covered <= item.lines[0].size())
      return out_.add_changed(item, first, covered);
    Item bare = item;
    bare.logical = first;
    bare.lines = {first};
    out_.add_changed(bare, first, first.size());
    if (!extra.empty()) {
      out_.add("# migrate: this stood behind the if and was not in force:");
      out_.add(fmt::format("# {}", extra));
    }
  }

  static std::string shown(const front::Pattern& pattern, const Translation& translation) {
    front::Pattern changed = pattern;
    changed.text = translation.text;
    changed.flags = translation.flags;
    return shown_pattern(changed);
  }

  static void judge(const Statement& statement, const Work& work, MigratedRule& row) {
    row.subjects = work.first->subjects + (work.second != nullptr ? work.second->subjects : 0);
    row.untried = work.first->untried + (work.second != nullptr ? work.second->untried : 0);
    std::size_t trusted = work.first->translation->trusted_bytes;
    std::string doubt = work.first->translation->match_doubt;
    if (doubt.empty()) doubt = work.first->translation->captures_doubt;
    row.changes.insert(row.changes.begin(), work.first->translation->changes.begin(),
                       work.first->translation->changes.end());
    if (work.second != nullptr) {
      const Translation& second = *work.second->translation;
      trusted = std::min(trusted, second.trusted_bytes);
      if (doubt.empty()) doubt = second.match_doubt;
      row.changes.insert(row.changes.end(), second.changes.begin(), second.changes.end());
    }
    if (doubt.empty() && trusted < kShortestTrusted)
      doubt = fmt::format(
          "repeats on which PCRE2 may reach its match limit in texts of more than {} bytes",
          trusted);
    if (!doubt.empty()) {
      row.certainty = Certainty::tested;
      row.why = doubt;
      return;
    }
    row.why = "both engines read the same expression";
    if (highest_group(statement) > 0) row.why += ", and its groups are settled";
    if (trusted < kLongestKey) {
      row.why += fmt::format(
          "; that is so for texts of up to {} bytes, on longer ones PCRE2 may reach its match "
          "limit",
          trusted);
    }
  }

  // Behind what its guards want, as far as they want something.
  void collect_subjects() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < work_.size(); ++i) {
      const Statement& statement = table_.file.statements[i];
      if (statement.kind == StatementKind::end) {
        open.pop_back();
        continue;
      }
      std::string before;
      for (const std::size_t guard : open) {
        const auto& wanted = work_[guard].first->some;
        if (!table_.file.statements[guard].pattern.negated && !wanted.empty()) before += wanted[0];
      }
      for (const std::string& text : work_[i].first->some) {
        result_.subjects.push_back(text);
        if (!before.empty()) result_.subjects.push_back(before + text);
      }
      if (work_[i].second != nullptr) {
        const auto& also = work_[i].second->some;
        for (std::size_t k = 0; k < also.size() && k < work_[i].first->some.size(); ++k)
          result_.subjects.push_back(before + work_[i].first->some[k] + also[k]);
      }
      if (statement.kind == StatementKind::guard) open.push_back(i);
    }
    std::sort(result_.subjects.begin(), result_.subjects.end());
    result_.subjects.erase(std::unique(result_.subjects.begin(), result_.subjects.end()),
                           result_.subjects.end());
  }

  const ParsedTable& table_;
  PatternTrials trials_;
  std::vector<Work> work_;
  std::vector<std::size_t> ends_;
  WrittenTable out_;
  PcreTable result_;
};

}  // namespace

PcreTable to_pcre(const ParsedTable& table) { return Writer(table).run(); }

}  // namespace headgate::migrate
