// AsioLoop: the Loop of a running server: timers of the caller's executor, blocking work on a pool of threads, inspections
// on a thread for each set of tables in use: one that does not end must not take a thread from those who write messages
// to disk, nor from another service, nor from the tables that a reload puts in the place of its own.
//   Lifetime  borrows the pool, which is joined before the loop goes.       Threads  any coroutine.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "smtpd/session/services.h"

namespace headgate::session {

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(aio::thread_pool& pool) : pool_(pool) {}

  Task<void> pause(std::chrono::milliseconds duration) override;
  Task<Result<void>> off_loop(std::function<Result<void>()> work) override;
  Task<Result<void>> inspect(const void* tables, std::chrono::milliseconds patience,
                             std::function<Result<void>()> work) override;

 private:
  class Turn;
  using Thread =
      std::unique_ptr<aio::thread_pool>;  // a pool of one: what it is given it does in turn

  // Those who wait for the same tables.
  struct Queue {
    Thread thread;
    std::size_t users = 0;
  };

  bool give_thread(Queue& queue);  // under the mutex; false when none can be started

  aio::thread_pool& pool_;
  std::mutex mutex_;
  std::map<const void*, Queue> queues_;  // empty when the loop goes: nobody waits any more
  std::vector<Thread> idle_;
  std::size_t threads_ = 0;  // idle or not: as many as were ever busy at once
};

}  // namespace headgate::session
