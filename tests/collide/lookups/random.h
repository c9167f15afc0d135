// Random: the collider's dice. The same seed gives the same tables and keys on every machine (splitmix64), so that a
// difference can be made again from two numbers.
//   Threads   one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace headgate::collide {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // Independent dice for table `index` of a run.
  Random(std::uint64_t seed, std::uint64_t index) : state_(seed * 0x9e3779b97f4a7c15U) {
    next();
    state_ ^= index * 0xd1342543de82ef95U;
    next();
  }

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  // 0 … n-1; n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

  // low … high
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }

  // True in so many of a hundred.
  bool percent(unsigned share) { return below(100) < share; }

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
  std::uint64_t state_;
};

}  // namespace headgate::collide
