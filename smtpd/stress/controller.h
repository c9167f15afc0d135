// Controller: how stressed is this service? Level 1 with the last slot, or when one of the server's signals says so, and
// for `duration` after it was last full or the signal last said it; level 2 while a signal is severe, or several times as many clients wait as there
// are slots. By hand it can be set on or off. It counts, tells and logs; what stress changes was decided at load time, in
// two Settings.
//   Units     time by Env::steady(); the warning's interval is master(8)'s 1000 s.
//   Lifetime  borrows Env, EventSink, Signals and History.            Threads  any.
//   Source    master_avail(3), STRESS_README; smtpd.md §2.2 to §2.5. Differs from Postfix: the window grows as long as
//             the service is full, entering and leaving are logged, there are signals and a level 2 (docs/compat.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "smtpd/stress/history.h"
#include "smtpd/stress/signals.h"
#include "smtpd/stress/slots.h"

namespace headgate::stress {

struct Policy {
  std::string service;    // as written in master.cf: smtp
  std::string canonical;  // 25
  bool eligible = false;  // gets the warning
  bool switches = false;  // calm and stressed differ: not so when stress is forced on or off
  std::chrono::seconds duration{1000};
  bool by_slots = true;               // the signal "slots"
  std::vector<SignalName> signals{};  // the others
};

enum class Mode : std::uint8_t { automatic, on, off };

class Controller {
 public:
  // At this many times its slots, in use and waiting together, a service is at level 2.
  static constexpr double kSevereLoad = 3;
  // Level 2 ends when its load has been below this part of that for so long.
  static constexpr double kEasedPart = 0.8;
  static constexpr std::chrono::seconds kEasedFor{5};

  Controller(Policy policy, Env& env, EventSink& log, const Signals& signals, History& history);

  // A reload: the state stays, as master(8)'s does.
  void set_policy(Policy policy);

  // After a slot was taken, before its session reads stressed(): the session that fills the last slot is stressed.
  void taken(const Slots& slots);
  // After a slot was released.
  void released(const Slots& slots);
  // How many wait for a slot.
  void waiting(const Slots& slots, std::size_t clients);

  // By hand, until it is `automatic` again.
  void set_mode(Mode mode);
  [[nodiscard]] Mode mode() const;

  // Notices, and logs once, what has changed.
  [[nodiscard]] Level level();

  [[nodiscard]] bool stressed() { return level() >= kStressed; }

  [[nodiscard]] std::string why() const;  // the present level

  // What the process that takes over shall know. From now on this one logs no change of level.
  struct Memory {
    Mode mode = Mode::automatic;
    Level level = kCalm;
    std::string why, signal_why;
    bool window = false, signal_window = false;
    SteadyTime since{}, until{}, signal_until{};
    std::optional<SteadyTime> warned;
  };

  [[nodiscard]] Memory hand_over();
  void remember(Memory memory);

  // When level() will notice the end, unless the service fills again; nothing while calm or full.
  [[nodiscard]] std::optional<SteadyTime> ends_at() const;

  // The slots' signal, as `status` shows it: times full.
  [[nodiscard]] SignalView slots_view(const Slots& slots) const;

 private:
  [[nodiscard]] Level level_now(std::string* why = nullptr) const;
  void look_at_signals();
  void look_at_load();
  Level settle();
  void warn_busy(const Slots& slots);
  void say(headgate::Level level, std::string text);

  Env& env_;
  EventSink& log_;
  const Signals& signals_;
  History& history_;

  mutable std::mutex mutex_;
  Policy policy_;
  Mode mode_ = Mode::automatic;
  Level level_ = kCalm;
  std::string why_ = "calm";
  bool window_ = false, full_ = false;  // the slots' 1000 s
  std::int64_t in_use_ = 0, limit_ = 0;
  std::size_t waiting_ = 0;
  bool signal_window_ = false;
  std::string signal_why_;
  bool severe_load_ = false;
  SteadyTime since_{}, until_{}, signal_until_{}, high_load_at_{};
  std::optional<SteadyTime> warned_;
  bool handed_over_ = false;
};

}  // namespace headgate::stress
