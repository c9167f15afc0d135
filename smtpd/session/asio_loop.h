// AsioLoop: the Loop of a running server: timers of the caller's executor, blocking work on a pool of threads, inspections
// on a few threads of their own: one that does not end must not take a thread from those who write messages to disk, and
// after a reload without the pattern that does not end there must be a thread for the new tables.
//   Lifetime  borrows the pool, which is joined before the loop goes.       Threads  any coroutine.
#pragma once

#include <map>
#include <mutex>

#include "smtpd/session/services.h"

namespace headgate::session {

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(aio::thread_pool& pool) : pool_(pool) {}

  Task<void> pause(std::chrono::milliseconds duration) override;
  Task<Result<void>> off_loop(std::function<Result<void>()> work) override;
  Task<Result<void>> inspect(const void* tables, std::function<Result<void>()> work) override;

 private:
  class Turn;
  using Strand = aio::strand<aio::thread_pool::executor_type>;

  // Those who wait for the same tables.
  struct Queue {
    Strand strand;
    std::size_t users = 0;
  };

  static constexpr std::size_t kInspectors = 4;

  aio::thread_pool& pool_;
  std::mutex mutex_;
  std::map<const void*, Queue> queues_;  // empty when the loop goes: nobody waits any more
  aio::thread_pool inspectors_{kInspectors};
};

}  // namespace headgate::session
