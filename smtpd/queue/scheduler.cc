// Tested by tests/smtpd/queue/scheduler_test.cc.
#include "smtpd/queue/scheduler.h"

#include <algorithm>

namespace headgate::queue {

std::chrono::seconds backoff(std::chrono::seconds age, std::chrono::seconds minimal,
                             std::chrono::seconds maximal) {
  return std::max(minimal, std::min(age, maximal));
}

bool expired(std::chrono::seconds age, std::chrono::seconds lifetime) { return age >= lifetime; }

bool Scheduler::add(const std::string& id, State state, SteadyTime due) {
  const auto [it, added] = messages_.try_emplace(id, Entry{state, due, next_number_});
  if (!added) return false;
  order_.emplace(std::pair(due, next_number_++), id);
  return true;
}

std::optional<ScheduledMessage> Scheduler::take_due(SteadyTime now) {
  if (order_.empty() || order_.begin()->first.first > now) return std::nullopt;
  const auto it = messages_.find(order_.begin()->second);
  ScheduledMessage message(it->first, it->second.state);
  order_.erase(order_.begin());
  messages_.erase(it);
  return message;
}

std::optional<SteadyTime> Scheduler::next_due() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first.first;
}

void Scheduler::make_all_due(SteadyTime now) {
  order_.clear();
  for (auto& [id, entry] : messages_) {
    entry.due = std::min(entry.due, now);
    order_.emplace(std::pair(entry.due, entry.number), id);
  }
}

}  // namespace headgate::queue
