// AsioLoop: the Loop of a running server: timers of the caller's executor, blocking work on a pool of threads, inspections
// on a thread of their own: one that does not end must not take a thread from those who write messages to disk.
//   Lifetime  borrows the pool, which is joined before the loop goes.       Threads  any coroutine.
#pragma once

#include "smtpd/session/services.h"

namespace headgate::session {

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(aio::thread_pool& pool) : pool_(pool) {}

  Task<void> pause(std::chrono::milliseconds duration) override;
  Task<Result<void>> off_loop(std::function<Result<void>()> work) override;
  Task<Result<void>> inspect(std::function<Result<void>()> work) override;

 private:
  aio::thread_pool& pool_;
  aio::thread_pool inspection_{1};
};

}  // namespace headgate::session
