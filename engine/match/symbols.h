// Symbols: which kinds of bytes occur in a text, as a set of 64 kinds: each letter (of either case), each digit, bytes from
// 0x80 on, control characters, tab, and the punctuation, of which some share a kind. What a pattern needs and a text
// lacks rules the pattern out without a look at anything else.
//   Cost      half a nanosecond a byte.      Threads  pure.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headgate::match {

using Symbols = std::uint64_t;

constexpr std::array<Symbols, 256> make_symbols() {
  std::array<Symbols, 256> table{};
  const auto set = [&table](std::size_t byte, int bit) { table[byte] = Symbols{1} << bit; };
  for (std::size_t byte = 0; byte < 256; ++byte) set(byte, byte >= 0x80 ? 36 : 37);
  for (std::size_t i = 0; i < 26; ++i) {
    set('a' + i, static_cast<int>(i));
    set('A' + i, static_cast<int>(i));
  }
  for (std::size_t i = 0; i < 10; ++i) set('0' + i, static_cast<int>(26 + i));
  constexpr std::array<std::string_view, 26> kPunctuation = {
      "\t", " ", "!", "\"", "#", "$", "%", "&", "'", "()", "*",  "+", ",.",
      "-",  "/", ":", ";",  "<", "=", ">", "?", "@", "[]", "\\", "_", "{|}^`~"};
  for (std::size_t i = 0; i < kPunctuation.size(); ++i) {
    for (const char c : kPunctuation[i])
      set(static_cast<unsigned char>(c), static_cast<int>(38 + i));
  }
  return table;
}

constexpr std::array<Symbols, 256> kSymbols = make_symbols();

constexpr Symbols symbol_of(char c) { return kSymbols[static_cast<unsigned char>(c)]; }

// The number of the kind, of those in the set, that is rarest in mail. Not for the empty set.
constexpr int rarest_symbol(Symbols symbols) {
  // The rarer kinds first; what is not named is common.
  constexpr std::string_view kRarestFirst = "zqxjkvZ{[\\%\"<>@&#!*;$?9876543'-=_/:bfgwypm";
  for (const char c : kRarestFirst) {
    if ((symbols & symbol_of(c)) != 0) return std::countr_zero(symbol_of(c));
  }
  return std::countr_zero(symbols);
}

inline Symbols symbols_of(std::string_view text) {
  Symbols even = 0;
  Symbols odd = 0;
  std::size_t at = 0;
  for (; at + 1 < text.size(); at += 2) {
    even |= symbol_of(text[at]);
    odd |= symbol_of(text[at + 1]);
  }
  if (at < text.size()) even |= symbol_of(text[at]);
  return even | odd;
}

}  // namespace headgate::match
