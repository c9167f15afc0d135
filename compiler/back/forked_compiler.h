// ForkedCompiler: a SetCompiler whose sets are compiled by forked workers under limits, several at a time, so that no
// pattern can hold the others up or take the builder with it.
//   Units     group and pattern are seconds of CPU time; the deadline is of the wall clock, for all that is ever compiled.
//   Threads   one owner, in a process without threads: the workers go on after fork(2) with everything there is.
//   Errors    none: a worker that was killed, died or could not be started is an Attempt over budget, with the reason.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "compiler/back/database.h"

namespace headgate::back {

struct ForkLimits {
  std::chrono::seconds pattern{2};
  std::chrono::seconds group{20};
  std::uint64_t memory_bytes = std::uint64_t{2}
                               << 30;  // that a worker may map beyond what it was born with
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  unsigned jobs = 1;
};

class ForkedCompiler final : public SetCompiler {
 public:
  explicit ForkedCompiler(const ForkLimits& limits) : limits_(limits) {}

  std::vector<Attempt> compile(const std::vector<ScanSet>& sets, Budget budget) override;

 private:
  ForkLimits limits_;
};

// For a limit of what a process may map beyond what it has: bytes of RLIMIT_AS. (A sanitizer maps terabytes.)
std::uint64_t mapped_bytes();

}  // namespace headgate::back
