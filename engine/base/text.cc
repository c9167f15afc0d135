#include "engine/base/text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace headgate::text {

void lower_into(std::string_view s, char* out) {
  std::size_t at = 0;
  for (; at + 8 <= s.size(); at += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, s.data() + at, 8);
    bytes = to_lower(bytes);
    std::memcpy(out + at, &bytes, 8);
  }
  for (; at < s.size(); ++at) out[at] = to_lower(s[at]);
}

std::string lower(std::string_view s) {
  std::string out(s.size(), '\0');
  lower_into(s, out.data());
  return out;
}

std::string upper(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), to_upper);
  return out;
}

bool same_ignore_case(const char* a, const char* b, std::size_t size) {
  return std::equal(a, a + size, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool starts_with_ignore_case(std::string_view s, std::string_view prefix) {
  return s.size() >= prefix.size() && equal_ignore_case(s.substr(0, prefix.size()), prefix);
}

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), is_digit);
}

std::string_view trim_left(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  return s;
}

std::string_view trim_right(std::string_view s) {
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

std::string_view trim(std::string_view s) { return trim_left(trim_right(s)); }

std::vector<std::string_view> split(std::string_view s, std::string_view separators) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto begin = s.find_first_not_of(separators);
    if (begin == std::string_view::npos) return out;
    s.remove_prefix(begin);
    const auto end = std::min(s.find_first_of(separators), s.size());
    out.push_back(s.substr(0, end));
    s.remove_prefix(end);
  }
}

std::vector<std::string> split_list(std::string_view s) {
  std::vector<std::string> out;
  std::string item;
  int depth = 0;
  for (const char c : s) {
    if (c == '{') ++depth;
    if (c == '}' && depth > 0) --depth;
    const bool separator = c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (separator && depth == 0) {
      if (!item.empty()) out.push_back(std::move(item));
      item.clear();
    } else {
      item += c;
    }
  }
  if (!item.empty()) out.push_back(std::move(item));
  return out;
}

std::string printable(std::string_view s, bool utf8, char substitute) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto continuation = [&](std::size_t i) { return i < s.size() && (byte(i) & 0xC0) == 0x80; };
  std::string out;
  out.reserve(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::size_t end = i;  // of what can be taken as it is: mostly all of it
    while (end < s.size() && byte(end) >= 32 && byte(end) < 127) ++end;
    out.append(s.substr(i, end - i));
    i = end;
    if (i == s.size()) break;
    if (utf8 && byte(i) >= 0xC2 && byte(i) <= 0xFE && continuation(i + 1)) {
      out += s[i];
      while (continuation(i + 1)) out += s[++i];
    } else {
      out += substitute;
    }
  }
  return out;
}

bool is_ascii(std::string_view s) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::uint64_t all = 0;
  for (; s.size() >= sizeof all; s.remove_prefix(sizeof all)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, s.data(), sizeof eight);
    all |= eight;
  }
  return (all & kHighBits) == 0 &&
         std::none_of(s.begin(), s.end(), [](char c) { return (c & '\x80') != 0; });
}

bool valid_utf8(std::string_view s) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(s[i]));
  };
  for (std::size_t i = 0; i < s.size();) {
    if (i + 8 <= s.size() && is_ascii(s.substr(i, 8))) {
      i += 8;
      continue;
    }
    const std::uint32_t lead = byte(i++);
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4) return false;
    std::uint32_t code = lead & (0x3FU >> more);
    for (int k = 0; k < more; ++k) {
      if (i >= s.size() || (byte(i) & 0xC0) != 0x80) return false;
      code = code << 6 | (byte(i++) & 0x3F);
    }
    if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000)) return false;
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  }
  return true;
}

}  // namespace headgate::text
