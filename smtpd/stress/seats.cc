// A set for each standing, ordered by when they began to be idle: the one to leave is at the front of the lowest set that is not
// empty. Standing is looked at when a session begins to wait, and again when its client takes or leaves a seat so that it
// sits in many or no longer does. Tested by seats_test with a clock that the test moves.
#include "smtpd/stress/seats.h"

#include <algorithm>
#include <utility>

namespace headgate::stress {

Seat::Seat(Seats& seats, std::string address, bool trusted, std::function<void()> wake,
           std::chrono::microseconds round_trip)
    : seats_(seats),
      address_(std::move(address)),
      wake_(std::move(wake)),
      on_the_way_(2 * std::min<std::chrono::microseconds>(round_trip, Seats::kMostRoundTrip)) {
  progress_.trusted = trusted;
  seats_.sit_down(*this);
}

Seat::~Seat() { seats_.leave(*this); }

void Seat::waits(const Progress& progress) { seats_.begin_waiting(*this, progress); }

bool Seat::resumes() {
  const std::lock_guard<std::mutex> lock(seats_.mutex_);
  seats_.stop_waiting(*this);
  return state_ == State::leaving;
}

bool Seat::leaving() const {
  const std::lock_guard<std::mutex> lock(seats_.mutex_);
  return state_ == State::leaving;
}

bool Seat::is_good() const {
  const std::lock_guard<std::mutex> lock(seats_.mutex_);
  return progress_.trusted || progress_.messages > 0 ||
         seats_.reputation_.standing(address_) == Standing::good;
}

std::chrono::milliseconds Seat::idle() const {
  const std::lock_guard<std::mutex> lock(seats_.mutex_);
  return std::chrono::duration_cast<std::chrono::milliseconds>(seats_.env_.steady() - step_);
}

void Seats::set_many(std::size_t many) {
  const std::lock_guard<std::mutex> lock(mutex_);
  many_ = std::max<std::size_t>(many, 2);
}

std::uint64_t Seats::evictions() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return evictions_;
}

std::size_t Seats::seats_of(const std::string& address) const {
  const auto seats = by_address_.find(address);
  return seats == by_address_.end() ? 0 : seats->second.size();
}

Standing Seats::lowered(Standing standing, bool lower) const {
  if (!lower || standing == Standing::suspect) return standing;
  return static_cast<Standing>(static_cast<int>(standing) - 1);
}

Standing Seats::standing(const std::string& address, bool trusted, std::size_t others) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (trusted) return Standing::good;
  return lowered(reputation_.standing(address), seats_of(address) + others >= many_);
}

Standing Seats::rank(const Seat& seat) {
  const bool unproductive = env_.steady() - seat.since_ >= kPatience;
  if (seat.progress_.trusted || seat.progress_.messages > 0)
    return lowered(Standing::good, unproductive);
  const bool many = seats_of(seat.address_) > many_;
  return lowered(lowered(reputation_.standing(seat.address_), many), unproductive);
}

void Seats::sit_down(Seat& seat) {
  const std::lock_guard<std::mutex> lock(mutex_);
  seat.since_ = seat.step_ = env_.steady();
  std::vector<Seat*>& seats = by_address_[seat.address_];
  seats.push_back(&seat);
  if (seats.size() == many_ + 1) rank_again(seat.address_);
}

void Seats::leave(Seat& seat) {
  const std::lock_guard<std::mutex> lock(mutex_);
  stop_waiting(seat);
  const auto seats = by_address_.find(seat.address_);
  std::erase(seats->second, &seat);
  if (seats->second.empty()) {
    by_address_.erase(seats);
  } else if (seats->second.size() == many_) {
    rank_again(seat.address_);
  }
}

void Seats::begin_waiting(Seat& seat, const Progress& progress) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (seat.state_ == Seat::State::leaving) return;
  const bool message = progress.messages > seat.progress_.messages;
  if (message) seat.since_ = env_.steady();
  // Until the greeting the client waited for us: for its name, that is.
  const bool greeted = !std::exchange(seat.has_waited_, true);
  if (greeted || message || progress.steps > seat.progress_.steps) seat.step_ = env_.steady();
  const bool trusted = seat.progress_.trusted || progress.trusted;
  const std::uint64_t most = message ? 0 : seat.progress_.steps;  // what was done once counts once
  seat.progress_ = progress;
  seat.progress_.trusted = trusted;
  seat.progress_.steps = std::max(most, progress.steps);
  seat.state_ = Seat::State::waiting;
  seat.standing_ = rank(seat);
  of(seat.standing_).emplace(idle_since(seat), &seat);
}

void Seats::stop_waiting(Seat& seat) {
  if (seat.state_ != Seat::State::waiting) return;
  of(seat.standing_).erase({idle_since(seat), &seat});
  seat.state_ = Seat::State::busy;
}

void Seats::rank_again(const std::string& address) {
  for (Seat* const seat : by_address_[address]) {
    if (seat->state_ != Seat::State::waiting) continue;
    Waiting::node_type node = of(seat->standing_).extract({idle_since(*seat), seat});
    seat->standing_ = rank(*seat);
    of(seat->standing_).insert(std::move(node));  // as it is: ~Seat may not throw
  }
}

void Seats::send_away(Seat& seat) {
  seat.wake_();  // first: one that cannot be woken stays
  stop_waiting(seat);
  seat.state_ = Seat::State::leaving;
  ++evictions_;
}

bool Seats::evict(Standing newcomer, std::chrono::milliseconds idle,
                  std::chrono::milliseconds idle_in_mail) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Standing standing :
       {Standing::suspect, Standing::doubtful, Standing::unknown, Standing::good}) {
    if (standing > newcomer) return false;
    Waiting& waiting = of(standing);
    if (waiting.empty()) continue;
    if (standing < newcomer) {
      send_away(*waiting.begin()->second);
      return true;
    }
    const SteadyTime now = env_.steady();
    for (const auto& [since, seat] : waiting) {
      if (since + idle > now) return false;  // nor has any behind it waited so long
      if (seat->progress_.in_transaction && since + idle_in_mail > now) continue;
      send_away(*seat);
      return true;
    }
  }
  return false;
}

std::optional<SteadyTime> Seats::next_chance(Standing newcomer, std::chrono::milliseconds idle,
                                             std::chrono::milliseconds idle_in_mail) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::optional<SteadyTime> next;
  for (const auto& [since, seat] : waiting_[static_cast<std::size_t>(newcomer)]) {
    if (next && since + idle >= *next) break;
    const SteadyTime chance = since + (seat->progress_.in_transaction ? idle_in_mail : idle);
    if (!next || chance < *next) next = chance;
  }
  return next;
}

}  // namespace headgate::stress
