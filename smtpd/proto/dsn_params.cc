// Tested by command_test.
#include "smtpd/proto/dsn_params.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::proto {
namespace {

int hex_digit(char c) {
  if (text::is_digit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool printable(std::string_view s) {
  return text::valid_utf8(s) && std::none_of(s.begin(), s.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 32 || byte == 127;
         });
}

}  // namespace

std::optional<std::string> decode_xtext(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string encode_xtext(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 32 && byte < 127 && c != '+' && c != '=') {
      out += c;
    } else {
      out += fmt::format("+{:02X}", byte);
    }
  }
  return out;
}

std::optional<std::string> parse_ret(std::string_view value) {
  std::string upper = text::upper(value);
  if (upper == "FULL" || upper == "HDRS") return upper;
  return std::nullopt;
}

std::optional<std::string> parse_envid(std::string_view value) {
  auto decoded = decode_xtext(value);
  if (!decoded || decoded->empty() || !printable(*decoded)) return std::nullopt;
  return decoded;
}

std::optional<std::string> parse_notify(std::string_view value) {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  for (const std::string_view item : text::split(value, ",")) {
    if (text::equal_ignore_case(item, "NEVER")) {
      never = true;
    } else if (text::equal_ignore_case(item, "SUCCESS")) {
      success = true;
    } else if (text::equal_ignore_case(item, "FAILURE")) {
      failure = true;
    } else if (text::equal_ignore_case(item, "DELAY")) {
      delay = true;
    } else {
      return std::nullopt;
    }
  }
  if (never)
    return success || failure || delay ? std::nullopt : std::make_optional<std::string>("NEVER");
  std::string out;
  for (const auto& [set, name] :
       {std::pair{success, "SUCCESS"}, {failure, "FAILURE"}, {delay, "DELAY"}}) {
    if (!set) continue;
    if (!out.empty()) out += ',';
    out += name;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::optional<std::string> parse_orcpt(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0) return std::nullopt;
  auto address = decode_xtext(value.substr(semicolon + 1));
  const std::string_view type = value.substr(0, semicolon);
  if (!address || !printable(*address) || !printable(type)) return std::nullopt;
  return std::string(type) + ';' + *address;
}

}  // namespace headgate::proto
