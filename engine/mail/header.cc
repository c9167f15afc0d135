#include "engine/mail/header.h"

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

}  // namespace headgate::mail
