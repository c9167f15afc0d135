// Postfix waits and reads again while the file is younger than a few seconds (and then warns again each time); this
// reads it once. A text that cannot be this table is refused within its reading, and then once more read as a table: which
// text a source gives is its own affair (the last good one, perhaps), so the first table is of no use.
// Tested by tests/tables/text_table_test.cc, texts and order checked against postmap(1) 3.7.
#include "tables/text_table.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/base/lines.h"
#include "engine/base/text.h"
#include "tables/keyed_table.h"

namespace headgate::tables {

namespace {

constexpr std::string_view kIgnored = " -- ignoring this line";

// What is wrong with a line; empty: nothing.
struct Complaints {
  std::string line;       // a warning
  std::string duplicate;  // what a duplicate is, the caller decides
};

// Puts one "key value" line into the table.
Complaints take_line(KeyedTable& table, const LogicalLine& line, bool utf8) {
  if (utf8 && !text::valid_utf8(line.text))
    return {fmt::format("non-UTF-8 input \"{}\"{}", line.text, kIgnored), {}};
  const auto length = key_length(line.text, "");
  if (!length) return {fmt::format("unbalanced '\"' in '{}'{}", line.text, kIgnored), {}};
  const std::string_view key = std::string_view(line.text).substr(0, *length);
  const std::string_view value = text::trim(std::string_view(line.text).substr(*length));
  if (value.empty()) return {fmt::format("expected format: key whitespace value{}", kIgnored), {}};
  const bool added = table.insert(key, value, line.first_line, Duplicate::keep_first);
  Complaints complaints;
  if (key.ends_with(':'))
    complaints.line = "record is in \"key: value\" format; is this an alias file?";
  if (!added) complaints.duplicate = fmt::format("duplicate entry: \"{}\"", key);
  return complaints;
}

Result<std::unique_ptr<KeyedTable>> read_table(std::string_view spec, const std::string& path,
                                               std::string_view data, const WarningSink& warn,
                                               const OpenOptions& options) {
  auto table = std::make_unique<KeyedTable>(std::string(spec), options.fold);
  LogicalLines lines(data, path, warn, EmptyLines::keep);
  while (const auto line = lines.next()) {
    const Complaints complaints = take_line(*table, *line, options.utf8);
    const auto placed = [&](const std::string& complaint) {
      return fmt::format("{}, line {}: {}", path, line->first_line, complaint);
    };
    const auto tell = [&](const std::string& complaint) {
      if (!complaint.empty())
        warn(Diagnostic{Severity::warning, placed(complaint), path, line->first_line, 1});
    };
    tell(complaints.line);
    if (!complaints.duplicate.empty() && !options.duplicates)
      return fail(Code::invalid, placed(complaints.duplicate));
    tell(complaints.duplicate);
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
    Error error = std::move(data.error());
    if (error.what.starts_with("open ")) error.what.insert(5, "database ");
    return tl::unexpected(std::move(error));
  }
  TRY(table, read_table(spec, path, *data, warn, options));
  return std::unique_ptr<Lookup>(std::move(table));
}

}  // namespace headgate::tables
