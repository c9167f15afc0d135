// NameIndex: which number a header's name has: of "Subject" in "Subject: x". Names are compared without their case.
//   Cost      some ten nanoseconds a header.      Threads   immutable once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/match/symbols.h"

namespace headgate::rules {

class NameIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::size_t kLongestName = 64;  // bytes; longer ones are never found

  NameIndex() = default;

  // Names in lower case, numbered by their places; of equal ones, the first counts.
  explicit NameIndex(std::vector<std::string> names);

  // kNone when the text does not begin with one of the names and a colon.
  [[nodiscard]] std::uint32_t find(std::string_view text) const {
    if (text.empty() || (beginnings_ & match::symbol_of(text.front())) == 0) return kNone;
    return find_name(text);
  }

 private:
  // A name's length and its first and last eight bytes, in lower case: all of a name of up to 16.
  struct Digest {
    std::uint64_t first = 0, last = 0;
    std::size_t bytes = 0;

    bool operator==(const Digest&) const = default;
    [[nodiscard]] std::size_t hash() const;
  };

  struct Slot {
    Digest digest;
    std::uint32_t number = kNone;
  };

  [[nodiscard]] std::uint32_t find_name(std::string_view text) const;

  // Of the name with which a text begins.
  static Digest digest_of(std::string_view text, std::size_t name_bytes);

  match::Symbols beginnings_ = 0;  // what a text with one of the names begins with
  std::vector<std::string> names_;
  std::vector<Slot> slots_;  // open addressing; a power of two, or empty
};

}  // namespace headgate::rules
