// EventLoops: the threads beside the first that a FRONT's sessions run on, each with an event loop, a door to the queue and
// Services of its own; the disk's threads, the spool and what is known of clients are everybody's.
//   Lifetime  borrows all it is given, which outlives it; home's Services too. It goes when the sessions have ended.
//   Threads   the constructor's and destructor's is home, and lag() is asked there.
//   Errors    where a thread cannot be started there are fewer: logged.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "smtpd/session/asio_loop.h"
#include "smtpd/session/session_loops.h"

namespace headgate::cli {

class EventLoops {
 public:
  using MakeDoor =
      std::function<std::unique_ptr<session::QueueDoor>(const aio::any_io_executor& home)>;

  // `more`: threads beside this one.
  EventLoops(aio::any_io_executor home, session::Services& services, std::size_t more,
             aio::thread_pool& disk, const MakeDoor& make_door);
  ~EventLoops();
  EventLoops(const EventLoops&) = delete;
  EventLoops& operator=(const EventLoops&) = delete;

  [[nodiscard]] session::SessionLoops& sessions() { return *sessions_; }

  // How late the worst of the other loops has been since it was asked last, or is now; only loops that have sessions are
  // looked at. To be asked several times a second: each time it sends them a probe.
  [[nodiscard]] std::chrono::nanoseconds lag();

 private:
  struct Worker;

  Env& env_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<session::SessionLoops> sessions_;
};

// `wanted`: smtpd_event_loops; 0 is one a core that this process may use (affinity, the cgroup's cpu.max), 8 at the most.
std::size_t event_loops(std::int64_t wanted);

}  // namespace headgate::cli
