// How it works: the text is read twice, by the parser for what is in force and what Postfix says, and line by line for what is
// not in force; the two are joined by line number. Tested by tests/compiler/lint/*_test.cc.
#include "compiler/lint/table_view.h"

#include <algorithm>
#include <map>
#include <utility>

#include "compiler/front/pattern_text.h"
#include "engine/base/lines.h"
#include "engine/base/text.h"

namespace headgate::lint {

namespace {

constexpr const char* kName = "t";  // what the complaints call the table; it is cut off again

std::vector<std::string> physical_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool is_guard(std::string_view text) {
  return text::starts_with_ignore_case(text, "if") &&
         (text.size() == 2 || !text::is_alnum(text[2]));
}

std::optional<Parts> parts_of(front::Dialect dialect, std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool guard = is_guard(text);
  if (!guard && text::is_alnum(text.front())) return std::nullopt;
  const auto cut =
      front::cut_pattern(dialect, text, guard ? 2 : 0, [](std::size_t, const std::string&) {});
  if (!cut) return std::nullopt;
  Parts parts;
  parts.begin = static_cast<std::size_t>(cut->pattern.column);
  parts.close = parts.begin + cut->pattern.text.size();
  parts.flags_end = cut->next;
  parts.value = cut->next;
  while (parts.value < text.size() && text::is_space(text[parts.value])) ++parts.value;
  parts.delimiter = text[parts.begin - 1];
  return parts;
}

void join(TableView& view) {
  std::map<int, const front::Statement*> by_line;
  for (const front::Statement& statement : view.file->statements)
    by_line[statement.line] = &statement;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < view.lines.size(); ++i) {
    RuleLine& line = view.lines[i];
    const auto found = by_line.find(line.first);
    if (found == by_line.end()) continue;
    line.statement = found->second;
    if (line.is(front::StatementKind::end)) {
      if (!open.empty()) open.pop_back();
      continue;
    }
    line.guards = open;
    line.emergency = line.statement->emergency;
    for (const std::size_t guard : open)
      line.emergency = line.emergency || view.lines[guard].emergency;
    const front::Pattern& pattern = line.statement->pattern;
    auto tree = view.dialect == front::Dialect::pcre
                    ? analyse::parse_pcre(pattern.text, pattern.flags)
                    : analyse::parse_posix(pattern.text, pattern.flags);
    if (tree) line.tree = std::move(*tree);
    if (line.is(front::StatementKind::guard)) open.push_back(i);
  }
}

}  // namespace

std::string RuleLine::edited(std::size_t offset, std::size_t bytes,
                             std::string_view replacement) const {
  if (offset + bytes > physical.size()) return {};
  std::string line = physical;
  line.replace(offset, bytes, replacement);
  return std::string(text::trim_right(line));
}

std::string_view without_place(std::string_view complaint) {
  const auto line = complaint.find(", line ");
  if (complaint.find(" map ") > line || line == std::string_view::npos) return complaint;
  const auto colon = complaint.find(": ", line);
  return colon == std::string_view::npos ? complaint : complaint.substr(colon + 2);
}

TableView view_table(front::Dialect dialect, std::string_view text,
                     front::PatternCompiler& compiler) {
  TableView view;
  view.dialect = dialect;
  view.physical = physical_lines(text);
  std::multimap<int, std::string> complaints;
  view.file = std::make_unique<front::RuleFile>(
      front::parse_rules(dialect, text, kName, kName, compiler, [&](const Diagnostic& diagnostic) {
        complaints.emplace(diagnostic.line, without_place(diagnostic.text));
      }));
  LogicalLines lines(text, kName, [](const Diagnostic&) {});
  while (auto logical = lines.next()) {
    RuleLine line;
    line.first = logical->first_line;
    line.last = logical->last_line;
    line.text = std::move(logical->text);
    line.parts = parts_of(dialect, line.text);
    view.lines.push_back(std::move(line));
  }
  // A logical line that begins with white space is none, but Postfix has something to say of it.
  for (const auto& [number, complaint] : complaints) {
    auto at = std::ranges::lower_bound(view.lines, number, {}, &RuleLine::first);
    if (at == view.lines.end() || at->first != number) {
      RuleLine line;
      line.first = line.last = number;
      at = view.lines.insert(at, std::move(line));
    }
    at->complaints.push_back(complaint);
  }
  for (RuleLine& line : view.lines) {
    const auto number = static_cast<std::size_t>(line.first);
    if (number >= 1 && number <= view.physical.size()) line.physical = view.physical[number - 1];
    if (line.text.empty()) line.text = line.physical;
  }
  join(view);
  return view;
}

}  // namespace headgate::lint
