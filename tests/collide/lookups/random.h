// Random: the collider's dice. The same seed gives the same tables and keys on every machine (splitmix64), so that a
// difference can be made again from two numbers.
//   Threads   one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "compiler/analyse/dice.h"

namespace headgate::collide {

class Random : public analyse::Dice {
 public:
  explicit Random(std::uint64_t seed) : Dice(seed) {}

  // Independent dice for table `index` of a run.
  Random(std::uint64_t seed, std::uint64_t index)
      : Dice(((seed + 1) * kStep ^ index * 0xd1342543de82ef95U) + kStep) {}

  // low … high
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }

  template <class T, std::size_t N>
  const T& pick(const T (&list)[N]) {
    return list[below(N)];
  }

  template <class List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }

  char byte() { return static_cast<char>(static_cast<unsigned char>(next())); }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;  // of the dice's state
};

}  // namespace headgate::collide
