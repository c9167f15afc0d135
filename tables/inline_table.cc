// Tested by tests/tables/inline_table_test.cc; the texts are those of postmap(1) 3.7.
#include "tables/inline_table.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "tables/keyed_table.h"
#include "tables/type_spec.h"

namespace headgate::tables {

namespace {

class StaticTable final : public Lookup {
 public:
  StaticTable(std::string name, std::string value)
      : name_(std::move(name)), value_(std::move(value)) {}

  Result<std::optional<Found>> find(std::string_view) override { return Found{value_, name_, 0}; }

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  std::string name_, value_;
};

// "name = value" or "{name = value}" into the table; returns what is wrong with it, empty when nothing is.
std::string take_pair(KeyedTable& table, std::string_view item) {
  if (item.starts_with('{')) {
    const auto inside = inside_braces(item);
    if (!inside) return inside.error().what;
    item = *inside;
  }
  item = text::trim(item);
  if (item.empty()) return "no key found; expected format: key = value";
  const auto length = key_length(item, "=");
  if (!length) return "unbalanced '\"'";
  const std::string_view after = text::trim_left(item.substr(*length));
  if (!after.starts_with('=')) return "missing '=' after attribute name";
  table.insert(item.substr(0, *length), text::trim(after.substr(1)), 0, Duplicate::take_last);
  return {};
}

Result<std::unique_ptr<KeyedTable>> read_inline(std::string_view spec, std::string_view name,
                                                const OpenOptions& options) {
  const auto bad = [&](std::string_view what) {
    return fail(Code::invalid,
                fmt::format("{}: \"inline:{}\"; need \"inline:{{name=value...}}\"", what, name));
  };
  if (options.utf8 && !text::valid_utf8(name)) return bad("bad UTF-8 syntax");
  if (balanced_length(name) != name.size() || name.size() < 3) return bad("bad syntax");
  auto table =
      std::make_unique<KeyedTable>(std::string(spec), folding_of(options.fold, options.utf8));
  std::string_view rest = name.substr(1, name.size() - 2);
  bool empty = true;
  while (const auto item = take_item(rest)) {
    const std::string complaint = take_pair(*table, *item);
    if (!complaint.empty()) return bad(complaint);
    empty = false;
  }
  if (empty) return bad("empty table");
  return table;
}

}  // namespace

Result<std::unique_ptr<Lookup>> open_inline_table(std::string_view spec, std::string_view name,
                                                  const OpenOptions& options) {
  TRY(table, read_inline(spec, name, options));
  return std::unique_ptr<Lookup>(std::move(table));
}

Result<void> for_each_inline_entry(
    std::string_view spec, std::string_view name, const OpenOptions& options,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) {
  TRY(table, read_inline(spec, name, options));
  table->for_each(visit);
  return {};
}

Result<std::unique_ptr<Lookup>> open_static_table(std::string_view spec, std::string_view name) {
  std::string_view value = name;
  if (name.starts_with('{')) {
    const auto inside = inside_braces(name);
    if (!inside) return fail(Code::invalid, "bad static:name syntax: " + inside.error().what);
    value = *inside;
  }
  return std::unique_ptr<Lookup>(
      std::make_unique<StaticTable>(std::string(spec), std::string(value)));
}

}  // namespace headgate::tables
