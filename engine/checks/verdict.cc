// Tested by verdict_test, with log lines that Postfix wrote.
#include "engine/checks/verdict.h"

#include <algorithm>

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

std::string_view mime_error_text(mail::MimeError error) {
  switch (error) {
    case mail::MimeError::nesting:
      return "MIME nesting exceeds safety limit";
    case mail::MimeError::eight_bit_header:
      return "improper use of 8-bit data in message header";
    case mail::MimeError::eight_bit_body:
      return "improper use of 8-bit data in message body";
    case mail::MimeError::encoding_domain:
      return "invalid message/* or multipart/* encoding domain";
  }
  return "";
}

std::string mime_error_log_text(mail::MimeError error, std::string_view found,
                                std::string_view origin, std::string_view sender,
                                std::string_view recipient) {
  constexpr std::size_t kFoundShown = 100;
  found = found.substr(0, std::min(kFoundShown, found.find('\0')));
  return text::printable(fmt::format("reject: mime-error {}: {} from {}; from=<{}> to=<{}>",
                                     mime_error_text(error), found, origin, sender, recipient));
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
