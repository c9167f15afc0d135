// How it works: each row has as many bits of a lane as it has steps, and one before them that is always set. A byte moves every
// set bit to the left where the next step's set has it, and lets it stay where the bytes between do; the last bit of a row
// stays until the line ends, so that nothing is asked a byte but once a line. Lanes are packed first fit.
// The loop is compiled once for each kind of CPU; which one runs is chosen at each scan.
// Tested by tests/engine/match/shift_and_test.cc.
#include "engine/match/shift_and.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

namespace headgate::match {

namespace {

constexpr std::size_t kLaneBits = 64;

// g++ takes no size that depends on a template's parameter.
template <std::size_t Bytes>
struct VectorOf;

template <>
struct VectorOf<16> {
  using Type = std::uint64_t __attribute__((vector_size(16)));
};

template <>
struct VectorOf<32> {
  using Type = std::uint64_t __attribute__((vector_size(32)));
};

template <>
struct VectorOf<64> {
  using Type = std::uint64_t __attribute__((vector_size(64)));
};

}  // namespace

// Over a text, with vectors of so many bytes that hold so many lines of lanes in all.
template <std::size_t Bytes, std::size_t Lines>
struct ShiftAnd::Pass {
  using Vector = typename VectorOf<Bytes>::Type;
  static constexpr std::size_t kVectors = Lines * sizeof(Lanes) / Bytes;

  // By reference: a vector's way of being returned depends on the CPU that is compiled for.
  static inline __attribute__((always_inline)) void load(Vector& vector, const Lanes* from,
                                                         std::size_t number) {
    std::memcpy(&vector, reinterpret_cast<const char*>(from) + number * Bytes, Bytes);
  }

  static inline __attribute__((always_inline)) void move(Vector (&state)[kVectors],
                                                         const Lanes* moves) {
#pragma GCC unroll 32
    for (std::size_t i = 0; i < kVectors; ++i) {
      Vector step, stay;
      load(step, moves, i);
      load(stay, moves + Lines, i);
      state[i] = ((state[i] << 1) & step) | (state[i] & stay);
    }
  }

  static inline __attribute__((always_inline)) void run(const Bank& bank, std::string_view block,
                                                        OnRow on_row, void* context) {
    Vector state[kVectors];
#pragma GCC unroll 32
    for (std::size_t i = 0; i < kVectors; ++i) load(state[i], bank.begin.data(), i);
    const Lanes* const moves = bank.moves.data();
    const auto* const begin = reinterpret_cast<const unsigned char*>(block.data());
    const auto* const block_end = begin + block.size();
    for (const auto* at = begin; at < block_end;) {
      const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(block_end - at));
      const auto* const end =
          newline == nullptr ? block_end : static_cast<const unsigned char*>(newline) + 1;
      for (; at < end; ++at) move(state, moves + std::size_t{bank.kind_of[*at]} * 2 * Lines);
      Vector found{};
#pragma GCC unroll 32
      for (std::size_t i = 0; i < kVectors; ++i) {
        Vector done;
        load(done, bank.done.data(), i);
        found |= state[i] & done;
      }
      Lane any[Bytes / sizeof(Lane)];
      std::memcpy(any, &found, sizeof any);
      if (std::all_of(std::begin(any), std::end(any), [](Lane lane) { return lane == 0; }))
        continue;
      Lanes lines[Lines];
      std::memcpy(lines, state, sizeof state);
      tell(bank, lines, static_cast<std::size_t>(at - begin), on_row, context);
      std::memcpy(state, lines, sizeof state);
    }
  }

  static void tell(const Bank& bank, Lanes (&lines)[Lines], std::size_t end, OnRow on_row,
                   void* context) {
    for (std::size_t i = 0; i < Lines * kLanesAtOnce; ++i) {
      Lane& lane = lines[i / kLanesAtOnce].lane[i % kLanesAtOnce];
      const Lane done = bank.done[i / kLanesAtOnce].lane[i % kLanesAtOnce];
      for (Lane left = lane & done; left != 0; left &= left - 1) {
        const std::size_t bit = i * kLaneBits + static_cast<std::size_t>(std::countr_zero(left));
        on_row(bank.row_of[bit], end, context);
      }
      lane &= ~done;
    }
  }

  static void on_any(const Bank& bank, std::string_view block, OnRow on_row, void* context) {
    run(bank, block, on_row, context);
  }

#if defined(__x86_64__)
  __attribute__((target("avx2"))) static void with_avx2(const Bank& bank, std::string_view block,
                                                        OnRow on_row, void* context) {
    run(bank, block, on_row, context);
  }

  __attribute__((target("avx512f"))) static void with_avx512(const Bank& bank,
                                                             std::string_view block, OnRow on_row,
                                                             void* context) {
    run(bank, block, on_row, context);
  }
#endif
};

Cpu this_cpu() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) return Cpu::avx512;
  if (__builtin_cpu_supports("avx2") != 0) return Cpu::avx2;
#endif
  return Cpu::any;
}

ShiftAnd::ShiftAnd(std::span<const Row> rows) {
  std::vector<std::uint32_t> numbers(rows.size());
  for (std::uint32_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  // The long ones first: what they leave of a lane is for the short ones.
  std::stable_sort(numbers.begin(), numbers.end(), [&](std::uint32_t a, std::uint32_t b) {
    return rows[a].size() > rows[b].size();
  });
  std::vector<std::size_t> used;  // bits, by lane
  std::vector<std::uint32_t> place_of(rows.size());
  for (const std::uint32_t number : numbers) {
    const std::size_t bits = rows[number].size() + 1;
    const auto lane = std::find_if(used.begin(), used.end(),
                                   [bits](std::size_t taken) { return taken + bits <= kLaneBits; });
    const auto at = static_cast<std::size_t>(lane - used.begin());
    if (lane == used.end()) used.push_back(0);
    place_of[number] = static_cast<std::uint32_t>(at * kLaneBits + used[at]);
    used[at] += bits;
  }
  constexpr std::size_t kMostLanes = kMostLines * kLanesAtOnce;
  for (std::size_t first = 0; first < used.size(); first += kMostLanes) {
    std::vector<std::uint32_t> in_bank, places;
    for (const std::uint32_t number : numbers) {
      const std::size_t lane = place_of[number] / kLaneBits;
      if (lane < first || lane >= first + kMostLanes) continue;
      in_bank.push_back(number);
      places.push_back(static_cast<std::uint32_t>(place_of[number] - first * kLaneBits));
    }
    banks_.push_back(make_bank(rows, in_bank, places));
  }
}

ShiftAnd::Bank ShiftAnd::make_bank(std::span<const Row> rows,
                                   std::span<const std::uint32_t> numbers,
                                   std::span<const std::uint32_t> places) {
  Bank bank;
  constexpr std::size_t kLineBits = kLanesAtOnce * kLaneBits;
  for (const std::uint32_t place : places)
    bank.lines = std::max<std::size_t>(bank.lines, place / kLineBits + 1);
  bank.begin.resize(bank.lines);
  bank.done.resize(bank.lines);
  bank.row_of.resize(bank.lines * kLineBits);
  const auto set = [](Lanes* lines, std::size_t bit) {
    lines[bit / kLineBits].lane[bit / kLaneBits % kLanesAtOnce] |= Lane{1} << (bit % kLaneBits);
  };
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t last = places[i] + rows[numbers[i]].size();
    set(bank.begin.data(), places[i]);
    set(bank.done.data(), last);
    bank.row_of[last] = numbers[i];
  }
  std::map<std::vector<Lanes>, std::uint16_t> kinds;
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::vector<Lanes> moves(2 * bank.lines);
    Lanes* const steps = moves.data();
    Lanes* const stays = steps + bank.lines;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const Row& row = rows[numbers[i]];
      set(stays, places[i]);
      set(stays, places[i] + row.size());
      for (std::size_t step = 0; step < row.size(); ++step) {
        const std::size_t bit = places[i] + 1 + step;
        const bool is_edge = step == 0 || step + 1 == row.size();
        const bool may =
            row[step].byte.test(byte) && (byte != '\n' || (is_edge && row[step].byte.count() == 1));
        if (may) set(steps, bit);
        if (row[step].between.test(byte) && byte != '\n') set(stays, bit);
      }
    }
    const auto number = static_cast<std::uint16_t>(kinds.size());
    const auto [known, is_new] = kinds.emplace(moves, number);
    if (is_new) bank.moves.insert(bank.moves.end(), moves.begin(), moves.end());
    bank.kind_of[byte] = known->second;
  }
  return bank;
}

template <std::size_t Lines>
void ShiftAnd::run(const Bank& bank, std::string_view block, OnRow on_row, void* context, Cpu cpu) {
#if defined(__x86_64__)
  if (cpu == Cpu::avx512) return Pass<64, Lines>::with_avx512(bank, block, on_row, context);
  if (cpu == Cpu::avx2) return Pass<32, Lines>::with_avx2(bank, block, on_row, context);
#endif
  static_cast<void>(cpu);
  Pass<16, Lines>::on_any(bank, block, on_row, context);
}

void ShiftAnd::scan(std::string_view block, OnRow on_row, void* context, Cpu cpu) const {
  constexpr std::array kRuns = {&run<1>, &run<2>, &run<3>, &run<4>, &run<5>, &run<6>};
  static_assert(kRuns.size() == kMostLines);
  for (const Bank& bank : banks_) kRuns[bank.lines - 1](bank, block, on_row, context, cpu);
}

}  // namespace headgate::match
