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
  // On a disk that is slow at the moment one batch after the other would bound the rate (300 messages/s where two bring 900);
  // but the more batches there are the smaller they get, and the dearer each message is.
  static constexpr std::size_t kBatches = 2;

  LocalQueue(aio::any_io_executor home, aio::thread_pool& pool, queue::Spool& spool,
             queue::Manager& manager)
      : manager_(manager),
        commits_(std::move(home), pool, kBatches,
                 [&spool](std::span<queue::Commit* const> all) { spool.commit(all); }) {}

  Task<Result<void>> commit(queue::Commit& message) override {
    const bool held = message.state == queue::State::hold;
    if (!held && manager_.has_room()) message.state = queue::State::active;
    co_await commits_.run(message);
    if (message.result && !held) {
      if (message.state == queue::State::active)
        manager_.take(message.writer.id(), std::move(message.file));
      else
        manager_.wake(message.writer.id());
    }
    co_return std::move(message.result);
  }

 private:
  queue::Manager& manager_;
  net::Batcher<queue::Commit> commits_;
};

}  // namespace headgate::cli
