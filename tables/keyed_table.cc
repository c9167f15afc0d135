// Tested by tests/tables/text_table_test.cc and inline_table_test.cc.
#include "tables/keyed_table.h"

#include "engine/base/text.h"

namespace headgate::tables {

std::string KeyedTable::stored_form(std::string_view key) const {
  return fold_ ? text::lower(key) : std::string(key);
}

bool KeyedTable::insert(std::string_view key, std::string_view value, int line,
                        Duplicate duplicate) {
  const auto [at, added] = entries_.try_emplace(stored_form(key), Entry{std::string(value), line});
  if (!added && duplicate == Duplicate::take_last) at->second = Entry{std::string(value), line};
  return added;
}

Result<std::optional<Found>> KeyedTable::find(std::string_view key) {
  const auto at = entries_.find(stored_form(key));
  if (at == entries_.end()) return std::nullopt;
  return Found{at->second.value, name_, at->second.line};
}

std::optional<std::size_t> key_length(std::string_view text, std::string_view stops) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (i + 1 < text.size()) ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted &&
               (text::is_space(text[i]) || stops.find(text[i]) != std::string_view::npos)) {
      break;
    }
  }
  if (quoted) return std::nullopt;
  return i;
}

}  // namespace headgate::tables
