// Spread: what a repeated measurement came to: the median, and how far it went.
//   Threads   pure.
#pragma once

#include <algorithm>
#include <vector>

namespace headgate::peers {

struct Spread {
  double median = 0, least = 0, most = 0;
};

inline Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back()};
}

// Round by round: two engines of one round met the same machine, those of different rounds did not.
inline Spread ratio_of(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(above.size(), below.size()); ++i)
    ratios.push_back(above[i] / below[i]);
  return spread_of(std::move(ratios));
}

}  // namespace headgate::peers
