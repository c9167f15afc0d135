// Dice: numbers that look random and are the same on every machine for the same seed (splitmix64), so that what was made
// with them can be made again.
//   Threads   one owner.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headgate::analyse {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  // 0 … n-1; n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

  // True in so many of a hundred.
  bool percent(unsigned share) { return below(100) < share; }

 private:
  std::uint64_t state_;
};

}  // namespace headgate::analyse
