// ForkedCompiler: a SetCompiler whose sets are compiled by forked workers under limits, several at a time, so that no
// pattern can hold the others up or take the builder with it.
//   Units     group and pattern are seconds of CPU time; the deadline is of the wall clock, for all that is ever compiled.
//   Threads   one owner, in a process without threads: the workers go on after fork(2) with everything there is.
//   Errors    none: a worker that met its own limits, or that Hyperscan killed, is an Attempt over budget; one that could
//             not be started, was killed by somebody else or got no memory from the machine is a shortage, and ends the work.
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
  // What passes the deadline with less CPU time than this did not get its share of a busy machine: a shortage.
  std::chrono::seconds fair_cpu{0};
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  unsigned jobs = 1;
};

// What a builder and its workers may map together, shared equally.
struct Share {
  unsigned jobs = 1;
  std::uint64_t bytes = 0;  // for each of them, and for the builder
};

Share share_memory(std::uint64_t total_bytes, unsigned most_jobs);

class ForkedCompiler final : public SetCompiler {
 public:
  explicit ForkedCompiler(const ForkLimits& limits);

  std::vector<Attempt> compile(const std::vector<ScanSet>& sets, Budget budget) override;

 private:
  ForkLimits limits_;
  std::chrono::microseconds cpu_before_;  // that this process and its children had used
};

}  // namespace headgate::back
