// find_in_block: a key as a line of a block of body lines, between two others, so that it begins and ends in the block. An
// untouched line is not found; what can be no line (empty, or of several) is asked for as it is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/lookup.h"

namespace headgate {

inline Result<std::optional<Found>> find_in_block(Lookup& lookup, const std::string& key) {
  static constexpr std::string_view kBefore = "before it\n";
  if (key.empty() || key.find('\n') != std::string::npos) return lookup.find(key);
  const std::string block = std::string(kBefore) + key + "\nafter it\n";
  std::vector<std::uint32_t> touched;
  if (!lookup.scan(block, touched)) return lookup.find(key);
  constexpr auto kOffset = static_cast<std::uint32_t>(kBefore.size());
  if (std::find(touched.begin(), touched.end(), kOffset) == touched.end()) return std::nullopt;
  return lookup.find_line(kOffset, std::string_view(block).substr(kOffset, key.size()));
}

}  // namespace headgate
