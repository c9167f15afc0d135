// RemoteQueue: door 2 between processes: FRONT commits into incoming/, QUEUE hears of it by a packet with the id. One that
// does not get through (QUEUE is slow, or dead) loses nothing: the page says that incoming/ is to be looked into, and QUEUE
// looks there at its start anyway.
//   Lifetime  borrows all it is given; the pool's threads must be joined before it goes.      Threads  those of `home`.
//   Errors    as queue::Spool::commit.
#pragma once

#include <string>
#include <utility>

#include "smtpd/cli/local_queue.h"
#include "smtpd/master/page.h"
#include "smtpd/net/batcher.h"
#include "smtpd/net/channel.h"
#include "smtpd/queue/spool.h"
#include "smtpd/session/services.h"

namespace headgate::cli {

class RemoteQueue final : public session::QueueDoor {
 public:
  RemoteQueue(aio::any_io_executor home, aio::thread_pool& pool, queue::Spool& spool, int wakes,
              const master::MappedPage& page)
      : wakes_(wakes),
        page_(page),
        commits_(std::move(home), pool, LocalQueue::kBatches,
                 [&spool](std::span<queue::Commit* const> all) { spool.commit(all); }) {}

  Task<Result<void>> commit(queue::Commit& message) override {
    const bool held = message.state == queue::State::hold;
    co_await commits_.run(message);
    if (message.result && !held) {
      const Result<void> sent = net::send_packet(wakes_, message.writer.id());
      if (!sent) page_->wakes_lost += 1;
    }
    co_return std::move(message.result);
  }

 private:
  int wakes_;
  const master::MappedPage& page_;
  net::Batcher<queue::Commit> commits_;
};

}  // namespace headgate::cli
