// Postfix waits and reads again while the file is younger than a few seconds (and then warns again each time); this
// reads it once. A text that cannot be this table is refused within its reading, and then once more read as a table: which
// text a source gives is its own affair (the last good one, perhaps), so the first table is of no use.
// Tested by tests/tables/text_table_test.cc, texts and order checked against postmap(1) 3.7.
#include "tables/text_table.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "tables/compiled_file.h"
#include "tables/keyed_table.h"
#include "tables/source_text.h"

namespace headgate::tables {

namespace {

Result<std::unique_ptr<KeyedTable>> read_table(std::string_view spec, const std::string& path,
                                               std::string_view data, const WarningSink& warn,
                                               const OpenOptions& options) {
  auto table =
      std::make_unique<KeyedTable>(std::string(spec), folding_of(options.fold, options.utf8));
  SourceText source(LogicalLines(data, path, warn, EmptyLines::as_is), path, SourceReader::texthash,
                    options.utf8, warn);
  while (const auto entry = source.next()) {
    if (table->insert(entry->key, entry->value, entry->line, Duplicate::keep_first)) continue;
    std::string complaint =
        fmt::format("{}, line {}: duplicate entry: \"{}\"", path, entry->line, entry->key);
    if (!options.duplicates) return fail(Code::invalid, std::move(complaint));
    warn(Diagnostic{Severity::warning, std::move(complaint), path, entry->line, 1});
  }
  return table;
}

}  // namespace

Result<std::unique_ptr<Lookup>> open_text_table(std::string_view spec, const std::string& path,
                                                const WarningSink& warn, const OpenOptions& options,
                                                rules::ProgramSource* texts) {
  std::vector<Diagnostic> of_refused;
  rules::TextForm form;
  if (!options.duplicates) {
    form.name =
        fmt::format("texthash{}{}", options.fold ? " folded" : "", options.utf8 ? " utf8" : "");
    form.check = [&](std::string_view data) -> Result<void> {
      std::vector<Diagnostic> said;
      const WarningSink keep = [&said](const Diagnostic& diagnostic) {
        said.push_back(diagnostic);
      };
      auto table = read_table(spec, path, data, keep, options);
      if (table) return {};
      of_refused = std::move(said);
      return tl::unexpected(std::move(table.error()));
    };
  }
  auto data = texts != nullptr ? texts->read_text(path, 0, form) : read_file(path);
  if (!data) {
    for (const Diagnostic& diagnostic : of_refused) warn(diagnostic);
    return tl::unexpected(of_database(std::move(data.error())));
  }
  TRY(table, read_table(spec, path, *data, warn, options));
  return std::unique_ptr<Lookup>(std::move(table));
}

Result<void> for_each_text_entry(
    std::string_view spec, const std::string& path, const WarningSink& warn,
    const OpenOptions& options,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) {
  auto data = read_file(path);
  if (!data) return tl::unexpected(of_database(std::move(data.error())));
  TRY(table, read_table(spec, path, *data, warn, options));
  table->for_each(visit);
  return {};
}

}  // namespace headgate::tables
