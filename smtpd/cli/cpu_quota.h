// cpu_quota(): how many processors' time this process may use in all: the least quota of its control group and those above it.
//   Units     processors; 1.5 is one and a half.       Errors   what the system does not tell is no limit.
//   Threads   any.       Source   Linux, admin-guide/cgroup-v2 (cpu.max).
#pragma once

#include <optional>
#include <string>

namespace headgate::cli {

// The roots can be others in tests.
std::optional<double> cpu_quota(const std::string& proc = "/proc",
                                const std::string& cgroups = "/sys/fs/cgroup");

}  // namespace headgate::cli
