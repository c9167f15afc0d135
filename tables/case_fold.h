// fold_key: a key as fixed-string tables store it and look it up. Postfix folds ASCII, and all of Unicode where SMTPUTF8 is
// on: Ä and ä are one key, ß is ss. Files that Postfix's postmap and ours built hold the same keys.
//   Errors    none: bytes that are not UTF-8 stay as they are.          Threads  pure.
//   Source    SMTPUTF8_README of Postfix 3.7.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headgate::tables {

enum class Folding : std::uint8_t { none, ascii, unicode };

constexpr Folding folding_of(bool fold, bool utf8) {
  if (!fold) return Folding::none;
  return utf8 ? Folding::unicode : Folding::ascii;
}

// The view is of `key` itself, or of what was written to `memory`.
std::string_view fold_key(std::string_view key, Folding folding, std::string& memory);

}  // namespace headgate::tables
