#include "engine/base/env.h"

#include <sys/random.h>

namespace headgate {

WallTime SystemEnv::wall() const { return std::chrono::system_clock::now(); }

SteadyTime SystemEnv::steady() const { return std::chrono::steady_clock::now(); }

std::uint64_t SystemEnv::random() {
  std::uint64_t value = 0;
  // Cannot fail for 8 bytes once the kernel's pool is seeded; a short read would only make the number less random.
  if (::getrandom(&value, sizeof value, 0) < 0)
    value = static_cast<std::uint64_t>(wall().time_since_epoch().count());
  return value;
}

}  // namespace headgate
