// Text helpers in the C locale: bytes, ASCII case, Postfix's idea of white space and of what may be printed in a log.
// Postfix calls setlocale() nowhere, so <cctype> is not used here: the runtime's locale must not matter.
//   Threads   pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::text {

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// Eight bytes at once: where one is ASCII and a capital, bit 5 is set. No carry gets from one byte into the next, for the
// highest bits are out of the way.
constexpr std::uint64_t to_lower(std::uint64_t bytes) {
  constexpr std::uint64_t kEach = 0x0101010101010101U;
  const std::uint64_t low = bytes & (0x7f * kEach);
  const std::uint64_t from_a = low + (0x80 - 'A') * kEach;
  const std::uint64_t past_z = low + (0x7f - 'Z') * kEach;
  return bytes | (from_a & ~past_z & ~bytes & (0x80 * kEach)) >> 2U;
}

std::string lower(std::string_view s);
std::string upper(std::string_view s);
void lower_into(std::string_view s, char* out);  // room for s.size() bytes
bool same_ignore_case(const char* a, const char* b, std::size_t size);

inline bool equal_ignore_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_ignore_case(a.data(), b.data(), a.size());
}

bool starts_with_ignore_case(std::string_view s, std::string_view prefix);
bool all_digits(std::string_view s);  // false when empty

std::string_view trim_left(std::string_view s);
std::string_view trim_right(std::string_view s);
std::string_view trim(std::string_view s);

// Splits at any run of the bytes in `separators`; empty pieces do not appear.
std::vector<std::string_view> split(std::string_view s, std::string_view separators);

// Postfix's list syntax (main.cf): items separated by comma or white space; a balanced {…} protects separators and is
// kept with its braces. An unbalanced brace takes the rest of the text as one item.
std::vector<std::string> split_list(std::string_view s);

// What Postfix does to a message before it is logged: every byte that is neither printable ASCII nor part of a
// well-formed looking UTF-8 sequence (lead 0xC2-0xFE, then continuation bytes) becomes `substitute`.
// Without `utf8` (smtputf8_enable = no) every byte that is not printable ASCII does.
std::string printable(std::string_view s, bool utf8 = true, char substitute = '?');

// No byte has its high bit set. Cost: eight bytes at a time.
bool is_ascii(std::string_view s);

// UTF-8 as Postfix's valid_utf8_string() has it: no surrogates, no overlong forms, up to U+10FFFF.
bool valid_utf8(std::string_view s);

}  // namespace headgate::text
