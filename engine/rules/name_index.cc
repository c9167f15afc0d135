// How it works: most names have up to 16 bytes; two words hold them, and a look costs no loop over their bytes.
// Tested by tests/engine/rules/name_index_test.cc.
#include "engine/rules/name_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "engine/base/text.h"

namespace headgate::rules {

namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Masks for the first so many bytes of a word in memory.
constexpr std::array<std::uint64_t, kWord + 1> kFirstBytes = [] {
  std::array<std::uint64_t, kWord + 1> masks{};
  for (std::size_t count = 0; count <= kWord; ++count) {
    std::array<unsigned char, kWord> bytes{};
    std::fill_n(bytes.begin(), count, static_cast<unsigned char>(0xff));
    masks[count] = std::bit_cast<std::uint64_t>(bytes);
  }
  return masks;
}();

}  // namespace

std::size_t NameIndex::Digest::hash() const {
  const std::uint64_t mixed = (first ^ std::rotl(last, 29) ^ bytes) * 0x9e3779b97f4a7c15U;
  return static_cast<std::size_t>(mixed >> 32U);
}

// Without a branch on the length: names come in all lengths, and a processor would often guess wrong.
NameIndex::Digest NameIndex::digest_of(std::string_view text, std::size_t name_bytes) {
  std::array<char, kWord> room{};
  if (text.size() < kWord) {
    std::copy(text.begin(), text.end(), room.begin());
    text = {room.data(), room.size()};
  }
  const std::uint64_t first = word_at(text.data()) & kFirstBytes[std::min(name_bytes, kWord)];
  const std::uint64_t last = word_at(text.data() + std::max(name_bytes, kWord) - kWord);
  return {text::to_lower(first), name_bytes > kWord ? text::to_lower(last) : 0, name_bytes};
}

NameIndex::NameIndex(std::vector<std::string> names) : names_(std::move(names)) {
  if (names_.empty()) return;
  slots_.resize(std::bit_ceil(2 * names_.size()));
  for (std::uint32_t number = 0; number < names_.size(); ++number) {
    const std::string& name = names_[number];
    if (name.size() > kLongestName) continue;
    beginnings_ |= match::symbol_of(name.empty() ? ':' : name.front());
    const Digest digest = digest_of(name, name.size());
    std::size_t at = digest.hash() & (slots_.size() - 1);
    while (slots_[at].number != kNone) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = Slot{digest, number};
  }
}

std::uint32_t NameIndex::find_name(std::string_view text) const {
  const std::size_t bytes = text.substr(0, kLongestName + 1).find(':');
  if (bytes == std::string_view::npos) return kNone;
  const Digest digest = digest_of(text, bytes);
  std::size_t at = digest.hash() & (slots_.size() - 1);
  for (; slots_[at].number != kNone; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].digest != digest) continue;
    const std::uint32_t number = slots_[at].number;
    if (bytes <= 2 * kWord || text::equal_ignore_case(names_[number], text.substr(0, bytes)))
      return number;
  }
  return kNone;
}

}  // namespace headgate::rules
