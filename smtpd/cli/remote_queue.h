// Door 2 between processes: FRONT commits into active/ where QUEUE has room, into incoming/ else, and QUEUE hears of it by a
// packet: of one id, or of all that were committed into active/ together, a line each, with their files, open. A packet that
// does not get through (QUEUE is slow, or dead) loses nothing: the page says that the spool is to be looked into, and QUEUE
// looks there at its start anyway.
//   Lifetime  CommitDesk, one a FRONT, borrows all it is given; the pool's threads must be joined before it goes. RemoteQueue,
//             one a loop, borrows the desk.
//   Threads   RemoteQueue those of `home`; CommitDesk's work those of the pool.
//   Errors    as queue::Spool::commit.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "smtpd/cli/local_queue.h"
#include "smtpd/master/page.h"
#include "smtpd/net/channel.h"
#include "smtpd/net/gathering.h"
#include "smtpd/queue/spool.h"
#include "smtpd/session/services.h"

namespace headgate::cli {

class CommitDesk {
 public:
  static constexpr std::size_t kMostId = 64, kMostTogether = 64;
  static constexpr std::size_t kMostBytes = kMostTogether * (kMostId + 1);  // of a packet

  // `wakes`: the sending end of door 2.
  CommitDesk(aio::thread_pool& pool, queue::Spool& spool, int wakes, const master::MappedPage& page,
             const Env& env)
      : spool_(spool),
        wakes_(wakes),
        page_(page),
        commits_(pool, LocalQueue::kBatches, env,
                 [this](std::span<queue::Commit* const> all) { commit(all); }) {}

  Task<void> run(aio::any_io_executor home, queue::Commit& message) {
    if (message.state != queue::State::hold && page_->room != 0)
      message.state = queue::State::active;
    return commits_.run(std::move(home), message);
  }

 private:
  void commit(std::span<queue::Commit* const> all);
  void tell(std::string_view lines, std::span<const int> files);

  queue::Spool& spool_;
  const int wakes_;
  const master::MappedPage& page_;
  net::Gathering<queue::Commit> commits_;
};

class RemoteQueue final : public session::QueueDoor {
 public:
  RemoteQueue(aio::any_io_executor home, CommitDesk& desk) : home_(std::move(home)), desk_(desk) {}

  Task<Result<void>> commit(queue::Commit& message) override {
    co_await desk_.run(home_, message);
    co_return std::move(message.result);
  }

 private:
  aio::any_io_executor home_;
  CommitDesk& desk_;
};

}  // namespace headgate::cli
