// Tested by tests/compiler/migrate/table_test.cc.
#include "compiler/migrate/layout.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "engine/base/lines.h"
#include "engine/base/text.h"

namespace headgate::migrate {

namespace {

std::vector<std::string_view> physical_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto newline = text.find('\n');
    lines.push_back(text.substr(0, newline));
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
  return lines;
}

bool is_dropped(std::string_view line) {
  const std::string_view content = text::trim_left(line);
  return content.empty() || content.front() == '#';
}

}  // namespace

bool is_emergency_mark(std::string_view line) { return text::trim(line) == "#@emergency"; }

std::string why_skipped(const Item& item) {
  return "not in force: " + (item.why.empty() ? "it is no logical line" : item.why);
}

std::string without_place(const Diagnostic& warning) {
  const std::string mark = fmt::format(", line {}: ", warning.line);
  const auto at = warning.text.find(mark);
  return at == std::string::npos ? warning.text : warning.text.substr(at + mark.size());
}

std::vector<Item> lay_out(std::string_view text, const front::RuleFile& file,
                          const std::vector<Diagnostic>& warnings) {
  std::map<int, std::size_t> statements;
  for (std::size_t i = 0; i < file.statements.size(); ++i)
    statements.emplace(file.statements[i].line, i);
  std::map<int, std::string> said;
  for (const Diagnostic& warning : warnings)
    said[warning.line] = without_place(warning);  // the last one
  std::map<int, LogicalLine> logical;
  LogicalLines lines(text, "", [](const Diagnostic&) {});
  while (auto line = lines.next()) logical.emplace(line->first_line, std::move(*line));

  const std::vector<std::string_view> physical = physical_lines(text);
  std::vector<Item> items;
  for (int at = 1; at <= static_cast<int>(physical.size());) {
    Item item;
    item.first_line = at;
    int last = at;
    if (const auto found = logical.find(at); found != logical.end()) {
      last = found->second.last_line;
      item.logical = found->second.text;
      item.emergency = found->second.emergency;
      const auto statement = statements.find(at);
      item.kind = statement == statements.end() ? ItemKind::skipped : ItemKind::statement;
      if (statement != statements.end()) item.statement = statement->second;
    } else if (!is_dropped(physical[static_cast<std::size_t>(at) - 1])) {
      item.kind = ItemKind::skipped;  // begins with white space, or with NUL
    }
    if (const auto found = said.find(at); item.kind == ItemKind::skipped && found != said.end())
      item.why = found->second;
    for (; at <= last; ++at) item.lines.emplace_back(physical[static_cast<std::size_t>(at) - 1]);
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace headgate::migrate
