// Door 2 between processes: FRONT commits into active/ where QUEUE has room, into incoming/ else, and QUEUE hears of it by a
// packet: of one id, or of all that were committed into active/ together, a line each, with their files, open. A packet that
// does not get through (QUEUE is slow, or dead) loses nothing: the page says that the spool is to be looked into, and QUEUE
// looks there at its start anyway.
//   Lifetime  CommitDesk, one a FRONT, borrows all it is given; the pool's threads must be joined before it goes. RemoteQueue,
//             one a loop, borrows the desk.
//   Threads   RemoteQueue those of `home`; CommitDesk's work those of the pool.
//   Errors    as queue::Spool::commit.
#pragma once

#include <atomic>
#include <functional>
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
  static constexpr std::int64_t kMostInFlight = 512;  // files: QUEUE may be stopped, or away

  // `wakes`: the sending end of door 2. `flush_log`: what FRONT has logged of a message stands before what QUEUE logs;
  // under load, when both wait for more, only roughly.
  CommitDesk(aio::thread_pool& pool, queue::Spool& spool, int wakes, const master::MappedPage& page,
             const Env& env, std::function<void()> flush_log)
      : flush_log_(std::move(flush_log)),
        spool_(spool),
        env_(env),
        wakes_(wakes),
        page_(page),
        commits_(pool, LocalQueue::kBatches, env,
                 [this](std::span<queue::Commit* const> all) { commit(all); }) {}

  Task<void> run(aio::any_io_executor home, queue::Commit& message) {
    const std::int64_t in_flight = page_->files_sent - page_->files_received;
    if (message.state != queue::State::hold && page_->room != 0 && in_flight < kMostInFlight)
      message.state = queue::State::active;
    return commits_.run(std::move(home), message);
  }

 private:
  void commit(std::span<queue::Commit* const> all);
  void tell_of(std::span<queue::Commit* const> all);
  void tell(std::string_view lines, std::span<const int> files);

  const std::function<void()> flush_log_;
  queue::Spool& spool_;
  const Env& env_;
  const int wakes_;
  const master::MappedPage& page_;
  std::atomic<SteadyTime> flushed_{SteadyTime{}};
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
