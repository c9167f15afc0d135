// Slots: how many sessions a service may hold at once (master.cf's maxproc) and how many it holds.
//   Units     sessions; limit 0 = unlimited.         Threads  one owner: the loop that accepts.
//   Errors    release() without take() is a bug and is ignored in release builds.
//   Source    master_avail(3); smtpd.md §2.3, §2.6: a slot is what a process is to Postfix.
#pragma once

#include <cassert>
#include <cstdint>

namespace headgate::stress {

class Slots {
 public:
  explicit Slots(std::int64_t limit) : limit_(limit) {}

  // False when all are in use: do not accept.
  [[nodiscard]] bool take() {
    if (full()) return false;
    ++in_use_;
    return true;
  }

  void release() {
    assert(in_use_ > 0);
    if (in_use_ > 0) --in_use_;
  }

  // A reload may set it below what is in use: those sessions end first.
  void set_limit(std::int64_t limit) { limit_ = limit; }

  [[nodiscard]] bool full() const { return limit_ != 0 && in_use_ >= limit_; }

  [[nodiscard]] std::int64_t in_use() const { return in_use_; }

  [[nodiscard]] std::int64_t limit() const { return limit_; }

 private:
  std::int64_t limit_;
  std::int64_t in_use_ = 0;
};

}  // namespace headgate::stress
