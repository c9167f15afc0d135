// Tested by check_set_test.
#include "engine/checks/check_set.h"

#include <algorithm>

namespace headgate::checks {

template <class Ask>
Result<std::optional<Found>> TableList::first_answer(const Ask& ask) {
  for (const auto& table : tables) {
    auto answer = ask(*table);
    if (!answer) {
      if (answer.error().where.empty()) answer.error().where = table->name();
      return answer;
    }
    if (*answer) return answer;
  }
  return std::nullopt;
}

Result<std::optional<Found>> TableList::find(std::string_view key) {
  return first_answer([key](Lookup& table) { return table.find(key); });
}

Result<std::optional<Found>> TableList::find_line(std::uint32_t offset, std::string_view line) {
  return first_answer([&](Lookup& table) { return table.find_line(offset, line); });
}

bool TableList::scan(std::string_view block, std::vector<std::uint32_t>& touched) {
  for (const auto& table : tables) {
    if (!table->scan(block, touched)) return false;
  }
  if (tables.size() > 1) {
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  }
  return true;
}

TableList& CheckSet::of(KeyClass key_class) {
  switch (key_class) {
    case KeyClass::header:
      return *header;
    case KeyClass::mime:
      return *mime;
    case KeyClass::nested:
      return *nested;
    case KeyClass::body:
      break;
  }
  return *body;
}

}  // namespace headgate::checks
