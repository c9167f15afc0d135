// How it works: up to three groups of literals, by what their length allows: of four bytes and more, of two and three, of
// one. A sieve has some bytes for each window: whatever gets past it by chance costs as much as twenty looks, and what gets
// past it because a window is there does, too. Behind it, about one window a bucket.
// Tested by tests/engine/match/literal_finder_test.cc.
#include "engine/match/literal_finder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "engine/base/text.h"

namespace headgate::match {

namespace {

constexpr unsigned kLongestStride = 8;
constexpr std::size_t kBytesAWindow = 8;
constexpr std::size_t kLeastSieve = 256, kMostSieve = 65'536;  // bytes, of either half
constexpr std::size_t kMostBuckets = 1U << 20U;
// Of fewer literals Hyperscan looks for all at once, a vector of bytes at a time. Measured on bodies.
constexpr std::size_t kFewestInLongTexts = 40;

template <class Word>
std::uint32_t key_at(const char* at) {
  Word bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes | static_cast<Word>(0x20202020U);
}

}  // namespace

unsigned stride_of(const std::vector<SoughtLiteral>& literals) {
  std::size_t stride = kLongestStride;
  for (const SoughtLiteral& literal : literals) {
    if (literal.bytes.size() >= 4) stride = std::min(stride, literal.bytes.size() - 3);
  }
  return static_cast<unsigned>(stride);
}

Windows windows_of(std::size_t literal_bytes, unsigned stride) {
  if (literal_bytes >= 4) return {4, stride};
  return {literal_bytes >= 2 ? 2U : 1U, 1};
}

std::uint32_t window_key(std::string_view bytes) {
  if (bytes.size() == 4) return key_at<std::uint32_t>(bytes.data());
  if (bytes.size() == 2) return key_at<std::uint16_t>(bytes.data());
  return key_at<std::uint8_t>(bytes.data());
}

// Four places at a time, of which mostly none is known. Of the last four, those beyond the end stand for the last one that
// there is, wherever it lies.
template <class Word>
std::size_t LiteralFinder::next_of_width(const Group& group, std::string_view text,
                                         std::size_t at) {
  const std::uint8_t* const sieve = group.sieve.data();
  const std::uint64_t mask = group.sieve_mask;
  const char* const begin = text.data();
  const auto may_be_at = [&](std::size_t place) {
    return sift(sieve, mask, hash_of(key_at<Word>(begin + place)));
  };
  const std::size_t stride = group.windows.stride;
  const std::size_t last = text.size() - sizeof(Word);
  while (at <= last) {
    const std::size_t second = std::min(at + stride, last);
    const std::size_t third = std::min(at + 2 * stride, last);
    const std::size_t fourth = std::min(at + 3 * stride, last);
    if ((may_be_at(at) | may_be_at(second) | may_be_at(third) | may_be_at(fourth)) != 0) {
      if (may_be_at(at) != 0) return at;
      if (may_be_at(second) != 0) return second;
      return may_be_at(third) != 0 ? third : fourth;
    }
    at += 4 * stride;
  }
  return kNowhere;
}

std::size_t LiteralFinder::next(const Group& group, std::string_view text, std::size_t at) {
  if (text.size() < group.least_bytes) return kNowhere;
  if (group.windows.width == 4) return next_of_width<std::uint32_t>(group, text, at);
  if (group.windows.width == 2) return next_of_width<std::uint16_t>(group, text, at);
  return next_of_width<std::uint8_t>(group, text, at);
}

bool LiteralFinder::occurs(const SoughtLiteral& literal, std::string_view bytes) {
  if (!literal.caseless) return bytes == literal.bytes;
  return bytes.size() == literal.bytes.size() &&
         std::equal(bytes.begin(), bytes.end(), literal.bytes.begin(),
                    [](char a, char b) { return text::to_lower(a) == b; });
}

void LiteralFinder::index(Group& group, const std::vector<Window>& all) {
  const std::size_t sieve =
      std::clamp(std::bit_ceil(kBytesAWindow * all.size()), kLeastSieve, kMostSieve);
  group.sieve_mask = sieve - 1;
  group.sieve.assign(2 * sieve, 0);
  const std::size_t buckets = std::min(std::bit_ceil(all.size()), kMostBuckets);
  group.bucket_mask = buckets - 1;
  group.first.assign(buckets + 1, 0);
  for (const Window& window : all) {
    const std::uint64_t hash = hash_of(window.key);
    const auto bit = static_cast<std::uint8_t>(1U << (hash >> 29U & 7U));
    group.sieve[hash >> 48U & group.sieve_mask] |= bit;
    group.sieve[sieve + (hash >> 32U & group.sieve_mask)] |= bit;
    ++group.first[(hash >> 40U & group.bucket_mask) + 1];
  }
  for (std::size_t i = 1; i < group.first.size(); ++i) group.first[i] += group.first[i - 1];
  group.all.resize(all.size());
  std::vector<std::uint32_t> next(group.first.begin(), group.first.end() - 1);
  for (const Window& window : all)
    group.all[next[hash_of(window.key) >> 40U & group.bucket_mask]++] = window;
}

bool LiteralFinder::may_occur_in(std::string_view text) const {
  bool some = false;
  const auto note = [&some](std::uint32_t, std::size_t) { some = true; };
  std::size_t left = patience(text);
  for (const Group& group : groups()) {
    for (std::size_t at = next(group, text, 0); at != kNowhere;
         at = next(group, text, at + group.windows.stride)) {
      const std::size_t looked_at = find_at(group, text, at, note);
      if (some || looked_at > left) return true;
      left -= looked_at;
    }
  }
  return false;
}

std::shared_ptr<const LiteralFinder> LiteralFinder::make(std::vector<SoughtLiteral> literals) {
  const std::shared_ptr<LiteralFinder> finder(new LiteralFinder(std::move(literals)));
  const unsigned stride = stride_of(finder->literals_);
  std::array<Group, 3> groups;
  std::array<std::vector<Window>, 3> windows;
  for (std::uint32_t i = 0; i < finder->literals_.size(); ++i) {
    const SoughtLiteral& literal = finder->literals_[i];
    const std::string_view bytes = literal.bytes;
    const Windows of = windows_of(bytes.size(), stride);
    if (bytes.size() < of.span() || literal.at > bytes.size() - of.span()) return nullptr;
    const std::size_t by_width = of.width / 2;  // 0, 1, 2
    Group& group = groups[by_width];
    group.least_bytes =
        windows[by_width].empty() ? bytes.size() : std::min(group.least_bytes, bytes.size());
    group.windows = of;
    for (std::uint32_t at = literal.at; at < literal.at + of.stride; ++at)
      windows[by_width].push_back(Window{window_key(bytes.substr(at, of.width)), i, at});
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (windows[i].empty()) continue;
    index(groups[i], windows[i]);
    finder->groups_[finder->group_count_++] = std::move(groups[i]);
  }
  finder->pays_in_long_texts_ = windows[0].empty() && windows[1].empty() && stride > 1 &&
                                finder->literals_.size() >= kFewestInLongTexts;
  return finder;
}

}  // namespace headgate::match
