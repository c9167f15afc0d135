// Times between Poisson arrivals are exponential; std::exponential_distribution is not used, because its results differ
// from one standard library to another.
#include "bench/load/schedule.h"

#include <cmath>
#include <random>

namespace headgate::load {

std::vector<double> schedule(Arrivals arrivals, double rate_per_second, std::size_t count,
                             std::uint64_t seed) {
  constexpr double kStep = 0x1p-53;  // of a uniform number in (0, 1]
  std::mt19937_64 random(seed);
  std::vector<double> times;
  times.reserve(count);
  double at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (arrivals == Arrivals::constant) {
      times.push_back(static_cast<double>(i) / rate_per_second);
      continue;
    }
    at -= std::log(static_cast<double>((random() >> 11U) + 1) * kStep) / rate_per_second;
    times.push_back(at);
  }
  return times;
}

}  // namespace headgate::load
