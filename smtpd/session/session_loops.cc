// Tested by session_loops_test.
#include "smtpd/session/session_loops.h"

#include <utility>

namespace headgate::session {

SessionLoops::SessionLoops(Env& env, std::vector<Loop> loops) : env_(env) {
  for (Loop& loop : loops) loops_.push_back({std::move(loop)});
}

void SessionLoops::look() {
  const SteadyTime now = env_.steady();
  if (now - looked_ < kLook) return;
  const std::chrono::duration<double> passed = now - looked_;
  looked_ = now;
  for (Load& load : loops_) {
    const std::chrono::nanoseconds used = load.loop.cpu_time();
    load.busy = std::chrono::duration<double>(used - std::exchange(load.used, used)) / passed;
  }
}

std::size_t SessionLoops::choose() {
  std::size_t chosen = 0;
  if (loops_.size() > 1) {
    look();
    const Load& home = loops_.front();
    if (home.busy >= kBusy || home.sessions >= kAtHome) {
      for (std::size_t i = 1; i < loops_.size(); ++i) {
        const Load &best = loops_[chosen], &other = loops_[i];
        const bool best_is_full = best.busy >= kSaturated, other_is_full = other.busy >= kSaturated;
        if (best_is_full != other_is_full ? best_is_full : other.sessions < best.sessions)
          chosen = i;
      }
    }
  }
  ++loops_[chosen].sessions;
  return chosen;
}

}  // namespace headgate::session
