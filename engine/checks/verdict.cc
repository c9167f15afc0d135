// Tested by verdict_test, with log lines that Postfix wrote.
#include "engine/checks/verdict.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::checks {

namespace {

constexpr std::size_t kContentShownElsewhere = 60;  // by all agents but cleanup

}  // namespace

std::string action_log_text(const ActionTaken& action, std::string_view origin,
                            std::string_view envelope) {
  constexpr std::size_t kContentShown = 200;
  std::string line = fmt::format("{}: {} {} from {};{}", log_word(action.kind), action.context,
                                 action.content.substr(0, kContentShown), origin, envelope);
  if (!action.text.empty()) {
    line += ": ";
    line += action.text;
  }
  return text::printable(line);
}

std::string delivery_log_text(const ActionTaken& action) {
  std::string line = fmt::format("{}: {} {}", log_word(action.kind), action.context,
                                 action.content.substr(0, kContentShownElsewhere));
  if (!action.text.empty()) {
    line += ": ";
    line += action.text;
  }
  return text::printable(line);
}

std::string milter_log_text(const ActionTaken& action, std::string_view origin,
                            std::string_view envelope) {
  return text::printable(
      fmt::format("milter-header-{}: {} {} from {};{}: {}", log_word(action.kind), action.context,
                  action.content.substr(0, kContentShownElsewhere), origin, envelope, action.text));
}

}  // namespace headgate::checks
