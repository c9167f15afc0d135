// ShiftAnd: which of many rows of byte sets occur in the lines of a block, all of them looked for at once, a bit a step.
// A row occurs in a line where a byte out of its first step's set is followed by one out of the next step's, and so on; behind
// a step any number of bytes out of its `between` may stand.
//   Units     a newline is no byte of a line: a first step of it alone is the line's beginning, a last one its end.
//   Lifetime  borrows nothing.      Threads   immutable.
//   Cost      about a nanosecond a byte for 1,000 steps with AVX-512, twice that with AVX2, four times without, whatever the
//             text is.
//   Source    extended Shift-And: Navarro, Raffinot, Flexible Pattern Matching in Strings (2002), chapter 4.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace headgate::match {

struct Step {
  std::bitset<256> byte;
  std::bitset<256> between{};  // this step and the next one

  bool operator==(const Step&) const = default;
};

using Row = std::vector<Step>;

constexpr std::size_t kLongestRow = 63;

// What the machine is compiled for, the most capable last.
enum class Cpu : std::uint8_t { any, avx2, avx512 };

Cpu this_cpu();

class ShiftAnd {
 public:
  // Rows are named by their place. None is empty or longer than kLongestRow.
  explicit ShiftAnd(std::span<const Row> rows);

  [[nodiscard]] bool empty() const { return banks_.empty(); }

  // `end`: where the line ends, behind its newline.
  using OnRow = void (*)(std::uint32_t row, std::size_t end, void* context);

  // Once a row and line. The first line of a block has no beginning, the last one has no end unless it has a newline.
  // `cpu`: at most this_cpu().
  void scan(std::string_view block, OnRow on_row, void* context, Cpu cpu = this_cpu()) const;

 private:
  using Lane = std::uint64_t;

  static constexpr std::size_t kLanesAtOnce = 8;  // how many lanes are moved at once, at most
  static constexpr std::size_t kMostLines = 6;    // of so many: what can be kept in registers

  // A cache line: no load touches two.
  struct alignas(64) Lanes {
    std::array<Lane, kLanesAtOnce> lane{};

    bool operator<(const Lanes& other) const { return lane < other.lane; }
  };

  // As many rows as one pass over the text looks for.
  struct Bank {
    std::size_t lines = 0;                     // of lanes
    std::array<std::uint16_t, 256> kind_of{};  // bytes of a kind move all rows alike
    std::vector<Lanes>
        moves;  // a kind's: where a step to the left may be taken, then where one may stay
    std::vector<Lanes> begin, done;
    std::vector<std::uint32_t> row_of;  // by bit, where it is `done`
  };

  template <std::size_t Bytes, std::size_t Lines>
  struct Pass;
  template <std::size_t Lines>
  static void run(const Bank& bank, std::string_view block, OnRow on_row, void* context, Cpu cpu);

  static Bank make_bank(std::span<const Row> rows, std::span<const std::uint32_t> numbers,
                        std::span<const std::uint32_t> places);

  std::vector<Bank> banks_;
};

}  // namespace headgate::match
