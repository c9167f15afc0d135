// House: what all services of the server know together: their clients, the signals, what has happened.
//   Lifetime  outlives the sessions.        Threads  any.
#pragma once

#include <atomic>
#include <cstdint>

#include "smtpd/stress/anvil.h"
#include "smtpd/stress/commit_clock.h"
#include "smtpd/stress/history.h"
#include "smtpd/stress/reputation.h"
#include "smtpd/stress/signals.h"
#include "smtpd/stress/tally.h"

namespace headgate::stress {

// Of all services together: clients that wait for a slot, and the slots that there are.
struct Crowd {
  std::atomic<std::int64_t> waiting{0}, slots{0};
};

struct House {
  House(Env& env, EventSink& log) : anvil(env, log), reputation(env), commits(env) {}

  Anvil anvil;
  Reputation reputation;
  CommitClock commits;
  Signals signals;
  History history;
  Tally tally;
  Crowd crowd;
};

}  // namespace headgate::stress
