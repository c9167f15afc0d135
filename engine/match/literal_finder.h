// LiteralFinder: which of a set of literals occur in a text. Exact, as a Hyperscan database of them is, and faster on texts of
// a header's length, where a call of Hyperscan costs more than all that is looked at here, and with forty to some hundred literals.
// Each literal is known by a few windows of its bytes, so many that every occurrence has one at a multiple of the stride:
// only there the text is looked at. A window is looked up in a bitmap by its hash; what passes is compared.
//   Units     offsets are bytes.     Lifetime  immutable.     Threads  any.
//   Errors    make() is null when a literal does not have the windows that it is to be found by.
//   Cost      a nanosecond a stride (of 1 to 8 bytes), and two where a window is found; the literals' windows are chosen by
//             whoever makes them, so that this is seldom (compiler/back/finder_windows.h). A text that is full of them all
//             the same is given up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headgate::match {

struct SoughtLiteral {
  std::uint32_t id = 0;   // what is told of
  std::string bytes;      // in lower case when caseless
  bool caseless = false;  // only ASCII letters have a case
  std::uint32_t at = 0;   // where its first window begins

  bool operator==(const SoughtLiteral&) const = default;
};

// How literals of a length are found: by windows of `width` bytes, one at each of `stride` places from `at` on.
struct Windows {
  unsigned width = 4, stride = 1;

  [[nodiscard]] std::size_t span() const { return std::size_t{width} + stride - 1; }
};

// Literals of 4 bytes and more share a stride: the longest that the shortest of them allows.
unsigned stride_of(const std::vector<SoughtLiteral>& literals);
Windows windows_of(std::size_t literal_bytes, unsigned stride);

// A window as the tables know it: letters without their case, and some other bytes mixed up.
std::uint32_t window_key(std::string_view bytes);

class LiteralFinder {
 public:
  static std::shared_ptr<const LiteralFinder> make(std::vector<SoughtLiteral> literals);

  [[nodiscard]] const std::vector<SoughtLiteral>& literals() const { return literals_; }

  // On texts of kilobytes, too, it is faster than a database.
  [[nodiscard]] bool pays_in_long_texts() const { return pays_in_long_texts_; }

  // Calls found(id, offset behind the occurrence) for each literal that occurs, at each place, in no order. False when the
  // text was given up: what was told is true then, but not all.
  template <class Found>
  [[nodiscard]] bool find(std::string_view text, Found found) const {
    std::size_t left = patience(text);
    for (const Group& group : groups()) {
      for (std::size_t at = next(group, text, 0); at != kNowhere;
           at = next(group, text, at + group.windows.stride)) {
        const std::size_t looked_at = find_at(group, text, at, found);
        if (looked_at > left) return false;
        left -= looked_at;
      }
    }
    return true;
  }

  // Whether it would find anything, or give up.
  [[nodiscard]] bool may_occur_in(std::string_view text) const;

 private:
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  // How many windows may be looked at more closely before another way is surely faster.
  static std::size_t patience(std::string_view text) { return 64 + text.size() / 16; }

  struct Window {
    std::uint32_t key = 0;
    std::uint32_t literal = 0;
    std::uint32_t at = 0;  // in the literal
  };

  // Literals with windows of one width and stride.
  struct Group {
    Windows windows;
    std::size_t least_bytes = 0;  // the shortest literal
    // Each window has one bit of eight, in a byte of either half; what of a text has a bit in both halves may be one.
    std::vector<std::uint8_t> sieve;
    std::uint64_t sieve_mask = 0, bucket_mask = 0;
    std::vector<std::uint32_t> first;  // by bucket, into `all`; one more than there are buckets
    std::vector<Window> all;
  };

  explicit LiteralFinder(std::vector<SoughtLiteral> literals) : literals_(std::move(literals)) {}

  [[nodiscard]] std::span<const Group> groups() const { return {groups_.data(), group_count_}; }

  static void index(Group& group, const std::vector<Window>& all);

  // Its bits from 24 on are used.
  static std::uint64_t hash_of(std::uint32_t key) { return key * 0x9e3779b97f4a7c15U; }

  static unsigned sift(const std::uint8_t* sieve, std::uint64_t mask, std::uint64_t hash) {
    return sieve[hash >> 48U & mask] & sieve[mask + 1 + (hash >> 32U & mask)];
  }

  // The first place where a window may be, of `at`, a stride further, and so on.
  static std::size_t next(const Group& group, std::string_view text, std::size_t at);
  template <class Word>
  static std::size_t next_of_width(const Group& group, std::string_view text, std::size_t at);

  // How many windows it has looked at.
  template <class Found>
  std::size_t find_at(const Group& group, std::string_view text, std::size_t at,
                      Found& found) const {
    const std::uint32_t key = window_key(text.substr(at, group.windows.width));
    const std::uint64_t bucket = hash_of(key) >> 40U & group.bucket_mask;
    for (std::uint32_t i = group.first[bucket]; i < group.first[bucket + 1]; ++i) {
      const Window& window = group.all[i];
      if (window.key != key || window.at > at) continue;
      const SoughtLiteral& literal = literals_[window.literal];
      const std::size_t begin = at - window.at;
      if (occurs(literal, text.substr(begin, literal.bytes.size())))
        found(literal.id, begin + literal.bytes.size());
    }
    return 1 + group.first[bucket + 1] - group.first[bucket];
  }

  static bool occurs(const SoughtLiteral& literal, std::string_view bytes);

  std::size_t group_count_ = 0;
  bool pays_in_long_texts_ = false;
  std::array<Group, 3> groups_;  // here and not elsewhere: each find begins with them
  std::vector<SoughtLiteral> literals_;
};

}  // namespace headgate::match
