// run_bounded: work whose length nobody knows, done in a child process that a limit of time and memory ends.
//   Lifetime  `work` runs in a copy of this process and gives its result as bytes; nothing else of it comes back.
//   Threads   the caller's only: a process with other threads must not fork here.
//   Errors    Code::timeout past the limit; Code::limit when it ended otherwise, most often for want of memory;
//             Code::unavailable without a process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/base/error.h"

namespace headgate::peers {

struct Bounds {
  std::chrono::milliseconds time{std::chrono::minutes{5}};  // of the wall clock
  std::uint64_t memory_bytes = std::uint64_t{8} << 30;      // of address space
  std::function<void()> tick;                               // called some times a second meanwhile
};

Result<std::string> run_bounded(const Bounds& bounds, const std::function<std::string()>& work);

}  // namespace headgate::peers
