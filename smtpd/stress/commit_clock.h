// CommitClock: how long the spool takes to make a message durable: the slowest of those that were done since the last
// look, or the oldest that is under way, if that takes longer still.
//   Threads   any.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/env.h"

namespace headgate::stress {

class CommitClock {
 public:
  explicit CommitClock(Env& env) : env_(env) {}

  // One commit, from here to the end of its life.
  class Lap {
   public:
    explicit Lap(CommitClock& clock) : clock_(clock), begun_(clock.begin()) {}

    ~Lap() { clock_.end(begun_); }

    Lap(const Lap&) = delete;
    Lap& operator=(const Lap&) = delete;

   private:
    CommitClock& clock_;
    SteadyTime begun_;
  };

  // Nothing when nobody commits.
  [[nodiscard]] std::optional<std::chrono::milliseconds> slowest() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::optional<std::chrono::milliseconds> slowest = std::exchange(slowest_, std::nullopt);
    if (under_way_.empty()) return slowest;
    return std::max(slowest.value_or(std::chrono::milliseconds(0)), since(*under_way_.begin()));
  }

 private:
  [[nodiscard]] std::chrono::milliseconds since(SteadyTime begun) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(env_.steady() - begun);
  }

  SteadyTime begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return *under_way_.insert(env_.steady());
  }

  void end(SteadyTime begun) {
    const std::lock_guard<std::mutex> lock(mutex_);
    under_way_.erase(under_way_.find(begun));
    slowest_ = std::max(slowest_.value_or(std::chrono::milliseconds(0)), since(begun));
  }

  Env& env_;
  std::mutex mutex_;
  std::multiset<SteadyTime> under_way_;
  std::optional<std::chrono::milliseconds> slowest_;
};

}  // namespace headgate::stress
