// require(): what a fuzz target asserts. It prints what did not hold, then aborts: libFuzzer keeps the input, a replay
// fails its test. Not assert(): the release build that ctest runs has NDEBUG.
//   Threads   any.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace headgate::fuzz {

inline void require(bool holds, std::string_view what, std::string_view of = "") {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(of.size()), of.data());
  std::abort();
}

}  // namespace headgate::fuzz
