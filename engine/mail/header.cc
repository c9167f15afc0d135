#include "engine/mail/header.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace headgate::mail {

std::size_t header_name_length(std::string_view text) {
  const auto is_name = [](char c) {
    return c > 32 && c < 127 && c != ':';
  };  // bytes over 127 are negative or > 126
  std::size_t name = 0;
  while (name < text.size() && is_name(text[name])) ++name;
  if (name == 0) return 0;
  std::size_t colon = name;
  while (colon < text.size() && (text[colon] == ' ' || text[colon] == '\t')) ++colon;
  return colon < text.size() && text[colon] == ':' ? name : 0;
}

bool is_mime_header_name(std::string_view name) {
  // Others, Content-Language say, follow the class of their block: Postfix's list of known headers
  // ends here.
  static constexpr std::array<std::string_view, 6> kNames = {
      "Content-Type",        "Content-Transfer-Encoding",
      "Content-Disposition", "Content-Description",
      "Content-ID",          "MIME-Version"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view known) { return text::equal_ignore_case(known, name); });
}

}  // namespace headgate::mail
