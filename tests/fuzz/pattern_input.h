// PatternInput: how an input of flags_fuzz and ere_fuzz is read: `DFletters NL pattern NL key`.
//   D         p pcre, r regexp; P and R: the same, each byte of pattern and key stands for a token (pattern_tokens.h)
//   F         the pattern's use: = rule, ! negated rule, ? if, ~ negated if, $ rule with a capture
//   key       may hold newlines; it is cut at NUL, as every key is
// The two targets share it so that they can share what they find.
//   Errors    nullopt: not an input worth a run.      Threads  values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/fuzz/pattern_tokens.h"

namespace headgate::fuzz {

struct PatternInput {
  bool pcre = true;
  char use = '=';
  std::string letters, pattern, key;
};

inline void spell_out(PatternInput& input) {
  std::string pattern;
  for (const char c : input.pattern) {
    const auto byte = static_cast<unsigned char>(c);
    const auto& own = input.pcre ? kPcreTokens : kPosixTokens;
    pattern += byte & 1U ? own[byte / 2 % own.size()] : kCommonTokens[byte / 2 % own.size()];
  }
  input.pattern = pattern;
  for (char& c : input.key) c = kKeyTokens[static_cast<unsigned char>(c) % kKeyTokens.size()];
}

inline std::optional<PatternInput> read_pattern_input(const std::uint8_t* data, std::size_t size,
                                                      std::size_t most_pattern_bytes,
                                                      std::size_t most_key_bytes) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto first = all.find('\n');
  if (size < 3 || first == std::string_view::npos || first < 2) return std::nullopt;
  const auto second = all.find('\n', first + 1);
  if (std::string_view("prPR").find(all[0]) == std::string_view::npos) return std::nullopt;
  if (std::string_view("=!?~$").find(all[1]) == std::string_view::npos) return std::nullopt;
  PatternInput input;
  input.pcre = all[0] == 'p' || all[0] == 'P';
  input.use = all[1];
  input.letters = all.substr(2, first - 2);
  input.pattern =
      all.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
  if (second != std::string_view::npos) input.key = all.substr(second + 1);
  if (all[0] == 'P' || all[0] == 'R') spell_out(input);
  input.key.resize(std::min(input.key.find('\0'), input.key.size()));
  const bool usable = input.letters.size() <= 16 && input.pattern.size() <= most_pattern_bytes &&
                      input.key.size() <= most_key_bytes &&
                      (input.letters + input.pattern).find('\0') == std::string::npos;
  if (!usable) return std::nullopt;
  return input;
}

}  // namespace headgate::fuzz
