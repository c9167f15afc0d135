// LocalQueue: door 2 in one process: a call. Messages of one tick of the loop are committed together.
//   Lifetime  borrows all it is given; the pool's threads must be joined before it goes.      Threads  those of `home`.
//   Errors    as queue::Spool::commit.
#pragma once

#include <string>
#include <utility>

#include "smtpd/net/batcher.h"
#include "smtpd/queue/manager.h"
#include "smtpd/queue/spool.h"
#include "smtpd/session/services.h"

namespace headgate::cli {

class LocalQueue final : public session::QueueDoor {
 public:
  LocalQueue(aio::any_io_executor home, aio::thread_pool& pool, queue::Spool& spool,
             queue::Manager& manager)
      : manager_(manager),
        commits_(std::move(home), pool, kBatches,
                 [&spool](std::span<queue::Commit* const> all) { spool.commit(all); }) {}

  Task<Result<void>> commit(queue::Commit& message) override {
    co_await commits_.run(message);
    co_return std::move(message.result);
  }

  void wake(std::string id) override { manager_.wake(std::move(id)); }

 private:
  // One would leave the disk idle while it is waited for; the more there are, the smaller they get, and the dearer each
  // message. With two, flushes of the disk's cache that are under way together become one.
  static constexpr std::size_t kBatches = 2;

  queue::Manager& manager_;
  net::Batcher<queue::Commit> commits_;
};

}  // namespace headgate::cli
