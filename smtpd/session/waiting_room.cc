// Tested by waiting_room_test.
#include "smtpd/session/waiting_room.h"

#include <cassert>

namespace headgate::session {

std::optional<Newcomer> WaitingRoom::add(Newcomer newcomer, std::size_t most, SteadyTime crowd) {
  if (most == 0) return newcomer;
  std::optional<Newcomer> displaced;
  if (size_ >= most) {
    std::size_t lowest = 0;
    while (queues_[lowest].empty()) ++lowest;
    const auto standing = static_cast<std::size_t>(newcomer.standing);
    const bool crowded = queues_[lowest].front().came < crowd;
    if (lowest > standing || (lowest == standing && !crowded)) return newcomer;
    displaced = remove(queues_[lowest], last_of(queues_[lowest], crowd));
  }
  ++by_address_[newcomer.address];
  ++size_;
  Queue& queue = queues_[static_cast<std::size_t>(newcomer.standing)];
  queue.push_back(std::move(newcomer));
  return displaced;
}

WaitingRoom::Queue& WaitingRoom::first_queue() {
  assert(size_ != 0);
  std::size_t highest = stress::kStandings - 1;
  while (highest != 0 && queues_[highest].empty()) --highest;
  return queues_[highest];
}

WaitingRoom::Queue::iterator WaitingRoom::first_of(Queue& queue, SteadyTime crowd) {
  return queue.front().came < crowd ? std::prev(queue.end()) : queue.begin();
}

WaitingRoom::Queue::iterator WaitingRoom::last_of(Queue& queue, SteadyTime crowd) {
  return queue.front().came < crowd ? queue.begin() : std::prev(queue.end());
}

Newcomer& WaitingRoom::first(SteadyTime crowd) { return *first_of(first_queue(), crowd); }

Newcomer WaitingRoom::take_first(SteadyTime crowd) {
  Queue& queue = first_queue();
  return remove(queue, first_of(queue, crowd));
}

Newcomer WaitingRoom::remove(Queue& queue, Queue::iterator which) {
  Newcomer newcomer = std::move(*which);
  queue.erase(which);
  --size_;
  const auto count = by_address_.find(newcomer.address);
  if (--count->second == 0) by_address_.erase(count);
  return newcomer;
}

std::size_t WaitingRoom::count(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second;
}

void WaitingRoom::clear() {
  for (Queue& queue : queues_) queue.clear();
  by_address_.clear();
  size_ = 0;
}

}  // namespace headgate::session
