// Tested by tests/e2e/client_limits_test.py.
#include "smtpd/cli/stress_desk.h"

#include <utility>

namespace headgate::cli {

StressDesk::StressDesk(aio::io_context& io, Env& env, EventSink& log)
    : io_(io), anvil_(env, log), statistics_(io) {}

void StressDesk::use(config::SettingsPtr settings) {
  settings_ = std::move(settings);
  stress::Anvil::Options options;
  options.time_unit = settings_->anvil_rate_time_unit;
  options.most_entries = static_cast<std::size_t>(settings_->stress_clients_limit);
  anvil_.configure(options);
}

void StressDesk::start() { aio::co_spawn(io_, report_statistics(), aio::detached); }

void StressDesk::stop() {
  stopping_ = true;
  statistics_.cancel();
  anvil_.report();
}

// A reload counts from the next report on.
Task<void> StressDesk::report_statistics() {
  while (!stopping_) {
    statistics_.expires_after(settings_->anvil_status_update_time);
    const auto [cancelled] = co_await statistics_.async_wait(kAsTuple);
    if (!cancelled) anvil_.report();
  }
}

}  // namespace headgate::cli
