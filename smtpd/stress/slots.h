// Slots: how many sessions a service may hold at once (master.cf's maxproc) and how many it holds.
//   Units     sessions; limit 0 = unlimited.         Threads  any.
//   Errors    release() without take() is a bug.
//   Source    master_avail(3); smtpd.md §2.3, §2.6: a slot is what a process is to Postfix.
#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>

namespace headgate::stress {

class Slots {
 public:
  explicit Slots(std::int64_t limit) : limit_(limit) {}

  // False when all are in use.
  [[nodiscard]] bool take() { return take_beyond(0); }

  // For one who finds nobody to make room: up to `extra` more than the limit.
  [[nodiscard]] bool take_beyond(std::int64_t extra) {
    std::int64_t now = in_use_;
    do {
      if (limit_ != 0 && now >= limit_ + extra) return false;
    } while (!in_use_.compare_exchange_weak(now, now + 1));
    return true;
  }

  void release() {
    assert(in_use_ > 0);
    --in_use_;
  }

  // A reload may set it below what is in use: those sessions end first.
  void set_limit(std::int64_t limit) { limit_ = limit; }

  [[nodiscard]] bool full() const { return limit_ != 0 && in_use_ >= limit_; }

  [[nodiscard]] std::int64_t in_use() const { return in_use_; }

  [[nodiscard]] std::int64_t limit() const { return limit_; }

 private:
  std::atomic<std::int64_t> limit_;
  std::atomic<std::int64_t> in_use_ = 0;
};

}  // namespace headgate::stress
