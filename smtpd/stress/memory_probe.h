// MemoryProbe: how full the memory is that this process may use: of its cgroup (version 2), under pressure, of its own.
//   Units     percent, MiB.       Errors   what the system does not tell is absent, never a guess.
//   Threads   one caller.         Cost     a few small files of /proc and /sys, about once a second.
//   Source    Linux, admin-guide/cgroup-v2 (memory.current, memory.high, memory.max, memory.stat) and accounting/psi.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::stress {

class MemoryProbe {
 public:
  // The roots can be others in tests.
  explicit MemoryProbe(std::string proc = "/proc", std::string cgroups = "/sys/fs/cgroup");

  // Of memory.high or memory.max, whichever is less; page cache that can be dropped at once does not count.
  [[nodiscard]] std::optional<double> used_percent() const;
  // The share of the last ten seconds in which somebody waited for memory.
  [[nodiscard]] std::optional<double> pressure_percent() const;
  [[nodiscard]] std::optional<double> rss_mib() const;

 private:
  std::string proc_, cgroup_;  // cgroup_ "": none of version 2
};

}  // namespace headgate::stress
