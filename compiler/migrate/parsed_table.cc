// Tested by tests/compiler/migrate/table_test.cc.
#include "compiler/migrate/parsed_table.h"

#include <algorithm>
#include <utility>

#include "compiler/front/rule_file.h"

namespace headgate::migrate {

std::shared_ptr<const rules::Program> ParsedTable::program(const std::vector<bool>& left_out,
                                                           back::Subset subset) const {
  front::RuleFile kept;
  kept.has_emergency_marks = file.has_emergency_marks;
  for (std::size_t i = 0; i < file.statements.size(); ++i)
    if (i >= left_out.size() || !left_out[i]) kept.statements.push_back(file.statements[i]);
  back::Lowered lowered = back::lower(dialect, name, kept, patterns, subset);
  return std::make_shared<const rules::Program>(std::move(lowered.parts));
}

bool ParsedTable::has_emergency_marks(const std::vector<bool>& left_out) const {
  return std::any_of(items.begin(), items.end(), [&](const Item& item) {
    if (item.kind == ItemKind::skipped) return item.emergency;
    if (item.kind != ItemKind::statement || !item.emergency) return false;
    return item.statement >= left_out.size() || !left_out[item.statement];
  });
}

Result<ParsedTable> parse_table(front::Dialect dialect, const std::string& name,
                                const std::string& text) {
  ParsedTable table;
  table.dialect = dialect;
  table.name = name;
  back::PatternSet patterns(dialect, false, "asked of the reference engine");
  patterns.try_ahead(text, name, name);
  table.file = front::parse_rules(dialect, text, name, name, patterns,
                                  [&](const Diagnostic& d) { table.warnings.push_back(d); });
  if (patterns.shortage().rules_missing)
    return fail(Code::unavailable, patterns.shortage().what, name);
  table.patterns = std::move(patterns.patterns());
  table.items = lay_out(text, table.file, table.warnings);
  return table;
}

std::string shown_pattern(const front::Pattern& pattern) {
  return (pattern.negated ? "!/" : "/") + pattern.text + "/" + pattern.flags.letters;
}

std::uint64_t highest_group(const front::Statement& statement) {
  std::uint64_t highest = 0;
  for (const front::Piece& piece : statement.value)
    highest = std::max<std::uint64_t>(highest, piece.group);
  return highest;
}

std::vector<std::size_t> ends_of(const front::RuleFile& file) {
  std::vector<std::size_t> ends(file.statements.size(), std::string::npos);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < file.statements.size(); ++i) {
    if (file.statements[i].kind == front::StatementKind::guard) open.push_back(i);
    if (file.statements[i].kind == front::StatementKind::end) {
      ends[open.back()] = i;
      open.pop_back();
    }
  }
  return ends;
}

}  // namespace headgate::migrate
