#include "bench/load/figures.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace headgate::load {
namespace {

std::string distribution(std::vector<double>& seconds) {
  const auto ms = [&](double percent) { return percentile(seconds, percent) * 1e3; };
  return fmt::format(R"({{"p50": {:.3f}, "p90": {:.3f}, "p99": {:.3f}, "max": {:.3f}}})", ms(50),
                     ms(90), ms(99), ms(100));
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

double percentile(std::vector<double>& values, double percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return values[std::min(index, values.size() - 1)];
}

std::string to_json(Figures& figures) {
  std::string replies;
  for (const auto& [reply, count] : figures.replies)
    replies += fmt::format("{}\"{}\": {}", replies.empty() ? "" : ", ", reply, count);
  const double rate =
      figures.seconds > 0 ? static_cast<double>(figures.accepted) / figures.seconds : 0;
  return fmt::format(
      "{{\"messages_per_second\": {:.1f}, \"accepted\": {}, \"failed\": {}, \"seconds\": {:.4f},\n"
      " \"transaction_ms\": {},\n \"conversation_ms\": {},\n \"greeting_ms\": {},\n"
      " \"replies\": {{{}}}, \"most_sessions\": {}, \"behind_ms\": {:.3f}, \"client_cpu_seconds\": "
      "{:.3f}}}\n",
      rate, figures.accepted, figures.failed, figures.seconds, distribution(figures.transaction),
      distribution(figures.conversation), distribution(figures.greeting), replies,
      figures.most_sessions, figures.behind * 1e3, own_cpu_seconds());
}

}  // namespace headgate::load
