// Tested by reputation_test with a clock that the test moves.
#include "smtpd/stress/reputation.h"

namespace headgate::stress {

Reputation::Note& Reputation::Notes::renew(const std::string& address, SteadyTime now) {
  const auto known = by_address.find(address);
  if (known != by_address.end()) {
    by_time.splice(by_time.end(), by_time, known->second);
  } else {
    by_time.push_back({address, now, 0});
    by_address[address] = std::prev(by_time.end());
  }
  by_time.back().when = now;
  return by_time.back();
}

Reputation::Note* Reputation::Notes::find(const std::string& address) {
  const auto known = by_address.find(address);
  return known == by_address.end() ? nullptr : &*known->second;
}

void Reputation::Notes::forget(const std::string& address) {
  const auto known = by_address.find(address);
  if (known == by_address.end()) return;
  by_time.erase(known->second);
  by_address.erase(known);
}

void Reputation::Notes::trim(std::size_t most) {
  while (by_time.size() > most) forget(std::string(by_time.front().address));
}

void Reputation::configure(const Options& options) {
  const std::lock_guard<std::mutex> lock(mutex_);
  options_ = options;
  good_.trim(options_.most_clients);
  struck_.trim(options_.most_clients);
}

void Reputation::accepted(const std::string& address) {
  const std::lock_guard<std::mutex> lock(mutex_);
  good_.renew(address, env_.steady());
  good_.trim(options_.most_clients);
  struck_.forget(address);
}

void Reputation::strike(const std::string& address) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const SteadyTime now = env_.steady();
  const Note* const before = struck_.find(address);
  const bool anew = before == nullptr || before->when + kStrikesLast <= now;
  Note& note = struck_.renew(address, now);
  note.count = anew ? 1 : note.count + 1;
  struck_.trim(options_.most_clients);
}

Standing Reputation::standing(const std::string& address) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const SteadyTime now = env_.steady();
  const Note* const good = good_.find(address);
  if (good != nullptr) {
    if (good->when + options_.good_for > now) return Standing::good;
    good_.forget(address);
  }
  const Note* const struck = struck_.find(address);
  if (struck == nullptr) return Standing::unknown;
  if (struck->when + kStrikesLast > now)
    return struck->count < kStrikesOfASuspect ? Standing::doubtful : Standing::suspect;
  struck_.forget(address);
  return Standing::unknown;
}

Reputation::Sizes Reputation::sizes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {good_.by_time.size(), struck_.by_time.size()};
}

Reputation::Clients Reputation::clients() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {{good_.by_time.begin(), good_.by_time.end()},
          {struck_.by_time.begin(), struck_.by_time.end()}};
}

void Reputation::remember(const Clients& clients) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Note& note : clients.good) good_.renew(note.address, note.when);
  for (const Note& note : clients.struck) struck_.renew(note.address, note.when).count = note.count;
  good_.trim(options_.most_clients);
  struck_.trim(options_.most_clients);
}

}  // namespace headgate::stress
