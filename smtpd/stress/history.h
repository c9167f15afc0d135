// History: the last changes of level, of all services: when, which, from, to, why.
//   Limits    the newest kMost.        Threads  any.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/env.h"
#include "smtpd/stress/signals.h"

namespace headgate::stress {

struct Change {
  WallTime when{};
  std::string service;  // canonical: "25"
  Level from = kCalm, to = kCalm;
  std::string why;
};

class History {
 public:
  static constexpr std::size_t kMost = 64;

  void add(Change change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    changes_.push_back(std::move(change));
    if (changes_.size() > kMost) changes_.pop_front();
  }

  [[nodiscard]] std::vector<Change> all() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {changes_.begin(), changes_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Change> changes_;
};

}  // namespace headgate::stress
