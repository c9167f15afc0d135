// The loop's lag is how late a timer fires that asks for kTick, or another loop answers: what its sessions wait in addition.
// Of the ticks between two readings the worst counts. Tested by tests/e2e/client_limits_test.py and stress_signals_test.py.
#include "smtpd/cli/stress_desk.h"

#include <algorithm>
#include <utility>

namespace headgate::cli {
namespace {

using std::chrono::milliseconds;
using stress::SignalName;

constexpr milliseconds kTick{100};
constexpr int kTicksOfAReading = 10;

double in_ms(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void configure_signals(const config::Settings& settings, stress::Signals& signals) {
  const double commit = in_ms(settings.stress_commit_latency_limit);
  const auto lag = static_cast<double>(settings.stress_loop_lag_limit);
  const auto memory = static_cast<double>(settings.stress_memory_limit);
  const auto pressure = static_cast<double>(settings.stress_memory_pressure_limit);
  const auto rss = static_cast<double>(settings.stress_rss_limit);
  signals.configure(SignalName::commit_latency, {commit, 5 * commit});
  signals.configure(SignalName::loop_lag, {lag, 4 * lag});
  signals.configure(SignalName::memory, {memory, (memory + 100) / 2});
  signals.configure(SignalName::memory_pressure, {pressure, 2 * pressure});
  signals.configure(SignalName::rss, {rss, 1.25 * rss});
}

}  // namespace

StressDesk::StressDesk(aio::io_context& io, Env& env, EventSink& log)
    : io_(io), env_(env), house_(env, log), statistics_(io), reading_(io) {}

void StressDesk::use(config::SettingsPtr settings) {
  settings_ = std::move(settings);
  stress::Anvil::Options options;
  options.time_unit = settings_->anvil_rate_time_unit;
  options.most_entries = static_cast<std::size_t>(settings_->stress_clients_limit);
  house_.anvil.configure(options);
  stress::Reputation::Options memory;
  memory.good_for = settings_->stress_known_good_time;
  memory.most_clients = options.most_entries;
  house_.reputation.configure(memory);
  configure_signals(*settings_, house_.signals);
}

void StressDesk::start(std::function<void()> after_reading) {
  after_reading_ = std::move(after_reading);
  aio::co_spawn(io_, report_statistics(), aio::detached);
  aio::co_spawn(io_, read_signals(), aio::detached);
}

void StressDesk::stop() {
  stopping_ = true;
  statistics_.cancel();
  reading_.cancel();
  house_.anvil.report();
}

// A reload counts from the next report on.
Task<void> StressDesk::report_statistics() {
  while (!stopping_) {
    statistics_.expires_after(settings_->anvil_status_update_time);
    const auto [cancelled] = co_await statistics_.async_wait(kAsTuple);
    if (!cancelled) house_.anvil.report();
  }
}

Task<void> StressDesk::read_signals() {
  while (!stopping_) {
    double lag = 0;
    for (int i = 0; i < kTicksOfAReading && !stopping_; ++i) {
      const SteadyTime due = env_.steady() + kTick;
      reading_.expires_at(due);
      [[maybe_unused]] const auto [cancelled] = co_await reading_.async_wait(kAsTuple);
      lag = std::max(lag, in_ms(env_.steady() - due));
      if (other_lag_) lag = std::max(lag, in_ms(other_lag_()));
    }
    if (stopping_) break;
    stress::Signals::Values values;
    const std::optional<milliseconds> commit = house_.commits.slowest();
    values[static_cast<std::size_t>(SignalName::loop_lag)] = lag;
    values[static_cast<std::size_t>(SignalName::commit_latency)] =
        commit ? static_cast<double>(commit->count()) : 0;
    values[static_cast<std::size_t>(SignalName::memory)] = memory_.used_percent();
    values[static_cast<std::size_t>(SignalName::memory_pressure)] = memory_.pressure_percent();
    values[static_cast<std::size_t>(SignalName::rss)] = memory_.rss_mib();
    house_.signals.read(values);
    after_reading_();
  }
}

}  // namespace headgate::cli
