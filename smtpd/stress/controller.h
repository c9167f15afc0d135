// Controller: is this service under stress? On when the last slot is taken, off `duration` after it was last full.
// It counts, tells and logs; what stress changes was decided at load time, in two Settings.
//   Units     time by Env::steady(); the warning's interval is master(8)'s 1000 s.
//   Lifetime  borrows Env and EventSink.            Threads  one owner: the loop that accepts.
//   Source    master_avail(3), STRESS_README; smtpd.md §2.2 to §2.5. Differs from Postfix: the window grows as long as
//             the service is full, and entering and leaving are logged (docs/compat.md).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "smtpd/stress/slots.h"

namespace headgate::stress {

struct Policy {
  std::string service;    // as written in master.cf: smtp
  std::string canonical;  // 25
  bool eligible = false;  // gets the warning
  bool switches = false;  // calm and stressed differ: not so when stress is forced on or off
  std::chrono::seconds duration{1000};
};

class Controller {
 public:
  Controller(Policy policy, Env& env, EventSink& log);

  // A reload: the state stays, as master(8)'s does.
  void set_policy(Policy policy) { policy_ = std::move(policy); }

  // After a slot was taken, before its session reads stressed(): the session that fills the last slot is stressed.
  void taken(const Slots& slots);
  // After a slot was released.
  void released(const Slots& slots);

  // Notices, and logs once, that the time is over.
  [[nodiscard]] bool stressed();

  // When stressed() will notice, unless the service fills again; nothing while calm or full.
  [[nodiscard]] std::optional<SteadyTime> ends_at() const;

 private:
  void enter(const Slots& slots);
  void warn_busy(const Slots& slots);
  void say(Level level, std::string text);

  Policy policy_;
  Env& env_;
  EventSink& log_;
  bool on_ = false, full_ = false;
  SteadyTime since_{}, until_{};
  std::optional<SteadyTime> warned_;
};

}  // namespace headgate::stress
