// Tested by check_set_test.
#include "engine/checks/check_set.h"

namespace headgate::checks {

Result<std::optional<Found>> TableList::find(std::string_view key) {
  for (const auto& table : tables) {
    auto answer = table->find(key);
    if (!answer) {
      if (answer.error().where.empty()) answer.error().where = table->name();
      return answer;
    }
    if (*answer) return answer;
  }
  return std::nullopt;
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
