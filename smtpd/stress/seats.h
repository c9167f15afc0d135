// Seats: who sits in a service's slots, and who of them must leave when a newcomer finds all slots taken: the least
// deserving session that waits for its client's next command. One that is being answered, looked up or sent content by its
// client does not wait and never leaves.
//   Deserving standing of the client's address, mynetworks and accepted messages; a client in many seats, or one that has
//             kept its seat for kPatience without a message, stands one lower. The lowest leave first, among them those
//             that have been idle longest. A newcomer makes a session of lower standing leave at once, of its own only
//             after an idle time, of higher standing never.
//   Idle      since its last step: a verb that succeeded for the first time since the last message, another recipient, a
//             message. NOOP and RSET are no steps: to talk is not to work. Two round trips, of kMostRoundTrip at the most,
//             are the network's and not the client's.
//   Units     steady time.       Lifetime  a Seat is held by its session; Seats outlives it.        Threads  any.
//   Source    architecture.md D11; docs/stress.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/env.h"
#include "smtpd/stress/reputation.h"

namespace headgate::stress {

class Seats;

// What a session tells each time when it begins to wait.
struct Progress {
  std::uint32_t messages = 0;   // accepted
  std::uint64_t steps = 0;      // since the last accepted message
  bool in_transaction = false;  // MAIL was accepted
  bool trusted = false;         // mynetworks, authenticated
};

class Seat {
 public:
  Seat(Seats& seats, std::string address, bool trusted, std::function<void()> wake,
       std::chrono::microseconds round_trip = {});
  ~Seat();
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  // The session waits for its client's next command from now on.
  void waits(const Progress& progress);
  // It does not any more; true when it has been chosen to leave: its slot is another's already.
  [[nodiscard]] bool resumes();

  [[nodiscard]] bool leaving() const;
  // Of a client that is known good, or that has sent a message in this session.
  [[nodiscard]] bool is_good() const;
  [[nodiscard]] std::chrono::milliseconds idle() const;

 private:
  friend class Seats;
  enum class State : std::uint8_t { busy, waiting, leaving };

  Seats& seats_;
  const std::string address_;
  const std::function<void()> wake_;
  const std::chrono::microseconds on_the_way_;
  SteadyTime since_, step_;  // began or had its last message accepted; its last step
  Progress progress_;
  State state_ = State::busy;
  bool has_waited_ = false;
  Standing standing_ = Standing::unknown;  // while waiting
};

class Seats {
 public:
  static constexpr std::chrono::seconds kPatience{30};
  static constexpr std::chrono::milliseconds kMostRoundTrip{250};

  Seats(Env& env, Reputation& reputation) : env_(env), reputation_(reputation) {}

  // A client in more seats than this (and in two at least) stands one lower.
  void set_many(std::size_t many);

  // How deserving a newcomer from this address is, of which `others` wait already.
  [[nodiscard]] Standing standing(const std::string& address, bool trusted, std::size_t others);

  // Chooses one to leave and wakes it. `idle`: what one of the newcomer's own standing must have been idle for, and
  // `idle_in_mail` if it is in a mail transaction.
  bool evict(Standing newcomer, std::chrono::milliseconds idle,
             std::chrono::milliseconds idle_in_mail);
  // When evict() may find one that it does not find now, unless sessions begin to wait; nothing: not by waiting.
  [[nodiscard]] std::optional<SteadyTime> next_chance(Standing newcomer,
                                                      std::chrono::milliseconds idle,
                                                      std::chrono::milliseconds idle_in_mail) const;

  [[nodiscard]] std::uint64_t evictions() const;

 private:
  friend class Seat;
  // By when it began to be idle, the longest ago in front.
  using Waiting = std::set<std::pair<SteadyTime, Seat*>>;

  static SteadyTime idle_since(const Seat& seat) { return seat.step_ + seat.on_the_way_; }

  void sit_down(Seat& seat);
  void leave(Seat& seat);
  void begin_waiting(Seat& seat, const Progress& progress);
  void stop_waiting(Seat& seat);
  [[nodiscard]] Standing rank(const Seat& seat);
  [[nodiscard]] Standing lowered(Standing standing, bool lower) const;
  [[nodiscard]] std::size_t seats_of(const std::string& address) const;
  void rank_again(const std::string& address);

  Waiting& of(Standing standing) { return waiting_[static_cast<std::size_t>(standing)]; }

  void send_away(Seat& seat);

  Env& env_;
  Reputation& reputation_;
  mutable std::mutex mutex_;
  std::size_t many_ = 2;
  std::uint64_t evictions_ = 0;
  Waiting waiting_[kStandings];
  std::unordered_map<std::string, std::vector<Seat*>> by_address_;  // also those that leave
};

}  // namespace headgate::stress
