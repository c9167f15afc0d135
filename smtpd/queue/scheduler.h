// Scheduler: which message is due when. Pure: the caller brings the time.
//   Units     steady time for what is due, durations for back-off.       Threads  one owner.
//   Cost      O(log n) an operation; an id and two map nodes a message.
//   Source    qmgr(8), postconf(5): minimal_backoff_time, maximal_backoff_time,
//   maximal_queue_lifetime.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/base/env.h"
#include "smtpd/queue/message.h"

namespace headgate::queue {

// How long to wait after a failed attempt: as long again as the message is old, within the two
// limits.
std::chrono::seconds backoff(std::chrono::seconds age, std::chrono::seconds minimal,
                             std::chrono::seconds maximal);

// Whether a message that could not be delivered has had its time; a lifetime of 0 is one attempt.
bool expired(std::chrono::seconds age, std::chrono::seconds lifetime);

struct ScheduledMessage {
  std::string id;
  State state = State::incoming;

  ScheduledMessage(std::string id_, State state_) : id(std::move(id_)), state(state_) {}
};

class Scheduler {
 public:
  // False when the id is scheduled already: the older entry stays.
  bool add(const std::string& id, State state, SteadyTime due);
  // The message that has been due longest, if any is due.
  std::optional<ScheduledMessage> take_due(SteadyTime now);
  [[nodiscard]] std::optional<SteadyTime> next_due() const;
  void make_all_due(SteadyTime now);  // flush

  [[nodiscard]] bool has(const std::string& id) const { return messages_.count(id) != 0; }

  [[nodiscard]] std::size_t size() const { return messages_.size(); }

 private:
  struct Entry {
    State state;
    SteadyTime due;
    std::uint64_t number;
  };

  std::map<std::string, Entry> messages_;
  std::set<std::pair<std::pair<SteadyTime, std::uint64_t>, std::string>>
      order_;  // first come, first served
  std::uint64_t next_number_ = 0;
};

}  // namespace headgate::queue
