// RestartPlan: when a role that has ended is started again. Pure.
// One that never got ready, as when its configuration or binary is broken, waits service_throttle_time as with master(8).
// One that was at work comes back at once; if that goes on, after 1, 2, 4, ... s, never later than the throttle time.
//   Units     Env::steady().        Threads  one owner.
//   Source    master(8), service_throttle_time in postconf(5); smtpd.md §1.4.
#pragma once

#include <algorithm>
#include <chrono>

#include "engine/base/env.h"

namespace headgate::master {

class RestartPlan {
 public:
  explicit RestartPlan(std::chrono::seconds throttle) : throttle_(throttle) {}

  void set_throttle(std::chrono::seconds throttle) { throttle_ = throttle; }

  void started(SteadyTime now) {
    started_ = now;
    begun_ = true;
    ready_ = false;
  }

  void ready() { ready_ = true; }

  // How long to wait before the next start.
  std::chrono::seconds ended(SteadyTime now) {
    if (!begun_) return std::chrono::seconds(0);
    if (!ready_) return throttle_;
    if (now - started_ >= throttle_) ends_ = 0;
    const std::chrono::seconds wait{ends_ == 0 ? 0 : 1LL << std::min(ends_ - 1, kMostDoublings)};
    ++ends_;
    return std::min(wait, throttle_);
  }

  [[nodiscard]] bool was_ready() const { return ready_ || !begun_; }

 private:
  static constexpr int kMostDoublings = 12;

  std::chrono::seconds throttle_;
  SteadyTime started_{};
  bool begun_ = false, ready_ = false;
  int ends_ = 0;
};

}  // namespace headgate::master
