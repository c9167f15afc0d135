// StressDesk: the part of the dial that belongs to the whole server and to no single service: what is remembered of clients,
// anvil's statistics in the log, and once a second a reading of the signals.
//   Lifetime  borrows env and log; outlives the sessions.        Threads  the loop's; house() may be used from any.
//   Source    anvil(8); docs/stress.md.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "smtpd/config/settings.h"
#include "smtpd/net/aio.h"
#include "smtpd/stress/house.h"
#include "smtpd/stress/memory_probe.h"

namespace headgate::cli {

class StressDesk {
 public:
  StressDesk(aio::io_context& io, Env& env, EventSink& log);

  void use(config::SettingsPtr settings);  // at the start, and at each reload

  // Asked at each tick: how late other loops are than the one that asks.
  void watch(std::function<std::chrono::nanoseconds()> other_lag) {
    other_lag_ = std::move(other_lag);
  }

  // `after_reading`: what shall be done when the signals have new values.
  void start(std::function<void()> after_reading);
  void stop();  // with the last statistics

  [[nodiscard]] stress::House& house() { return house_; }

 private:
  Task<void> report_statistics();
  Task<void> read_signals();

  aio::io_context& io_;
  Env& env_;
  config::SettingsPtr settings_;
  stress::House house_;
  stress::MemoryProbe memory_;
  std::function<void()> after_reading_;
  std::function<std::chrono::nanoseconds()> other_lag_;
  aio::steady_timer statistics_, reading_;
  bool stopping_ = false;
};

}  // namespace headgate::cli
