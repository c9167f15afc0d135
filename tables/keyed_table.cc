// Tested by tests/tables/text_table_test.cc and inline_table_test.cc.
#include "tables/keyed_table.h"

#include "engine/base/text.h"

namespace headgate::tables {

bool KeyedTable::insert(std::string_view key, std::string_view value, int line,
                        Duplicate duplicate) {
  const auto [at, added] = entries_.try_emplace(std::string(fold_key(key, folding_, folded_)),
                                                Entry{std::string(value), line});
  if (!added && duplicate == Duplicate::take_last) at->second = Entry{std::string(value), line};
  return added;
}

Result<std::optional<Found>> KeyedTable::find(std::string_view key) {
  const auto at = entries_.find(fold_key(key, folding_, folded_));
  if (at == entries_.end()) return std::nullopt;
  return Found{at->second.value, name_, at->second.line};
}

void KeyedTable::for_each(
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  for (const auto& [key, entry] : entries_) {
    if (!visit(key, entry.value)) return;
  }
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
