// WaitingRoom: clients that are connected and wait for a slot without a greeting, the most deserving first. Among them who
// came first is first; but once that one came before `crowd`, who came last: then not all can be served in time, and
// those that have waited long have given up or want nothing. The kernel's backlog would keep only their order.
//   Limits    `most`; add() into a full room gives back who must go: who would be served last.
//   Threads   one owner: the loop that accepts.        Source    architecture.md D11; docs/stress.md.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/env.h"
#include "smtpd/net/aio.h"
#include "smtpd/stress/reputation.h"

namespace headgate::session {

struct Newcomer {
  aio::ip::tcp::socket socket;
  std::string address;
  bool trusted = false;  // mynetworks
  stress::Standing standing = stress::Standing::unknown;
  SteadyTime came{};
};

class WaitingRoom {
 public:
  std::optional<Newcomer> add(Newcomer newcomer, std::size_t most, SteadyTime crowd);

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::size_t size_of(stress::Standing standing) const { return of(standing).size(); }

  // Who is next; there is one.
  [[nodiscard]] Newcomer& first(SteadyTime crowd);
  Newcomer take_first(SteadyTime crowd);

  // How many of this address wait.
  [[nodiscard]] std::size_t count(const std::string& address) const;

  void clear();

 private:
  using Queue = std::list<Newcomer>;

  [[nodiscard]] const Queue& of(stress::Standing standing) const {
    return queues_[static_cast<std::size_t>(standing)];
  }

  [[nodiscard]] Queue& first_queue();
  [[nodiscard]] static Queue::iterator first_of(Queue& queue, SteadyTime crowd);
  [[nodiscard]] static Queue::iterator last_of(Queue& queue, SteadyTime crowd);
  Newcomer remove(Queue& queue, Queue::iterator which);

  Queue queues_[stress::kStandings];
  std::size_t size_ = 0;
  std::map<std::string, std::size_t> by_address_;
};

}  // namespace headgate::session
