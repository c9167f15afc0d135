// CPU time of this thread, or of the whole process: what other processes do to the machine does not count.
//   Threads   pure.
#pragma once

#include <time.h>

namespace headgate::peers {

inline double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

inline double thread_cpu_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

inline double process_cpu_seconds() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

inline double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }

}  // namespace headgate::peers
