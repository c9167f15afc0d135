// Schedule: when each transaction of a load shall begin, fixed before the first one does: a server that falls behind
// changes nothing about what it is asked next.
//   Units     seconds from the start of the run, ascending.
//   Threads   pure functions.        Source    open-loop load; "coordinated omission" is what it avoids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace headgate::load {

enum class Arrivals { constant, poisson };

// `count` beginnings at `rate_per_second` on average (> 0). The same seed gives the same times.
std::vector<double> schedule(Arrivals arrivals, double rate_per_second, std::size_t count,
                             std::uint64_t seed);

}  // namespace headgate::load
