// AsioLoop: the Loop of a running server: timers of the caller's executor, blocking work on a pool of threads, inspections
// on a thread for each set of tables in use (net::Turns), so that one which does not end takes no thread from another
// service, nor from the tables that a reload puts in the place of its own.
//   Lifetime  borrows the pool, which is joined before the loop goes.       Threads  coroutines of `home`.
#pragma once

#include "smtpd/access/access_pool.h"
#include "smtpd/net/batcher.h"
#include "smtpd/net/turns.h"
#include "smtpd/session/services.h"

namespace headgate::session {

class AsioLoop final : public Loop {
 public:
  // Of work off the loop at a time; each takes a thread of the pool.
  static constexpr std::size_t kBatches = 2;

  // `home`: the executor of a single thread, on which everybody waits.
  AsioLoop(aio::any_io_executor home, aio::thread_pool& pool)
      : errands_(std::move(home), pool, kBatches) {}

  Task<void> pause(std::chrono::milliseconds duration) override;
  Task<Result<void>> off_loop(std::function<Result<void>()> work) override;
  Task<Result<void>> inspect(const void* tables, std::chrono::milliseconds patience,
                             std::function<Result<void>()> work) override;
  Task<Result<void>> ask(const void* key, std::chrono::milliseconds patience,
                         std::function<Result<void>()> work) override;

 private:
  net::Errands errands_;
  net::Turns turns_{1};
  net::Turns questions_{access::AccessPool::kCopies, net::Turns::kTableServers};
};

}  // namespace headgate::session
