// SessionLoops: the event loops that sessions run on, and which of them the next one gets. The first is home: it accepts,
// admits and keeps the waiting room. A session stays on its loop from its greeting to its end.
//   Choice    home, as long as it has time and few sessions: to hand a client to another thread costs two wake-ups. Then
//             whoever has the fewest sessions; a loop that is busy all the time only when all are. Which sessions will
//             have much to do nobody knows when they begin, and none is moved later.
//   Units     processor time of the loop's thread, looked at every kLook at the most.
//   Lifetime  borrows the Services; outlives the fronts.          Threads  home's.
//   Source    the design's "FRONT: a thread a core, an event loop each".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "smtpd/net/aio.h"
#include "smtpd/session/services.h"

namespace headgate::session {

class SessionLoops {
 public:
  static constexpr std::chrono::milliseconds kLook{50};
  static constexpr double kBusy = 0.8;        // home gives sessions away
  static constexpr double kSaturated = 0.9;   // others are asked first
  static constexpr std::size_t kAtHome = 16;  // sessions

  struct Loop {
    aio::any_io_executor executor;
    Services& services;
    std::function<std::chrono::nanoseconds()> cpu_time;  // that its thread has used
  };

  // `loops`: home first.
  SessionLoops(Env& env, std::vector<Loop> loops);

  [[nodiscard]] std::size_t size() const { return loops_.size(); }

  [[nodiscard]] const Loop& at(std::size_t loop) const { return loops_.at(loop).loop; }

  [[nodiscard]] const Loop& home() const { return at(0); }

  // For the next session, which is counted there until it has ended.
  [[nodiscard]] std::size_t choose();

  void ended(std::size_t loop) { --loops_.at(loop).sessions; }

  // In the brackets of a session's log lines.
  [[nodiscard]] std::uint32_t next_number() { return ++last_number_; }

  [[nodiscard]] std::size_t sessions(std::size_t loop) const { return loops_.at(loop).sessions; }

 private:
  struct Load {
    Loop loop;
    std::size_t sessions = 0;
    std::chrono::nanoseconds used{};
    double busy = 0;  // between the last two looks
  };

  void look();

  Env& env_;
  std::vector<Load> loops_;
  SteadyTime looked_{};
  std::uint32_t last_number_ = 0;
};

}  // namespace headgate::session
