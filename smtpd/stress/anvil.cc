// One hash map, and a list of the clients that have left in the order of leaving: its front is always who expires next,
// so nobody sweeps and no timer runs. Tested by anvil_test with a clock that the test moves.
#include "smtpd/stress/anvil.h"

#include <ctime>

#include <fmt/format.h>

namespace headgate::stress {
namespace {

// "Nov 30 04:38:53", as ctime(3) has it.
std::string moment(WallTime when) {
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{} {:>2} {:02}:{:02}:{:02}", kMonths[static_cast<std::size_t>(local.tm_mon)],
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

}  // namespace

void Anvil::configure(const Options& options) {
  const std::lock_guard<std::mutex> lock(mutex_);
  options_ = options;
}

std::size_t Anvil::entries() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entries_.size();
}

// So that there is room for `more`.
void Anvil::expire(std::size_t more) {
  const SteadyTime now = env_.steady();
  while (!idle_.empty()) {
    const auto oldest = entries_.find(idle_.front());
    const bool over = oldest->second.left + options_.time_unit <= now;
    if (!over && entries_.size() + more <= options_.most_entries) return;
    entries_.erase(oldest);
    idle_.pop_front();
  }
}

Anvil::Entry* Anvil::entry_of(const std::string& ident) {
  const auto known = entries_.find(ident);
  if (known != entries_.end()) return &known->second;
  expire(1);
  if (entries_.size() >= options_.most_entries) return nullptr;
  Entry& entry = entries_[ident];
  entry.window_began = env_.steady();
  entry.idle = idle_.end();
  Most& most = most_entries_;
  remember(most, static_cast<std::int64_t>(entries_.size()), {});
  return &entry;
}

void Anvil::remember(Most& most, std::int64_t value, const std::string& ident) const {
  if (value <= most.value) return;
  most.value = value;
  most.ident = ident;
  most.when = env_.wall();
}

void Anvil::renew_window(Entry& entry) const {
  const SteadyTime now = env_.steady();
  if (entry.window_began + options_.time_unit >= now) return;
  entry.counts = {};
  entry.window_began = now;
}

std::int64_t Anvil::increase(Entry& entry, const std::string& ident, Rate rate) {
  renew_window(entry);
  const auto index = static_cast<std::size_t>(rate);
  const std::int64_t value = ++entry.counts[index];
  remember(most_[index], value, ident);
  return value;
}

Anvil::Connections Anvil::connected(const std::string& ident) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Connections connections;
  Entry* const entry = entry_of(ident);
  if (entry == nullptr) return connections;
  if (entry->idle != idle_.end()) {
    // It may have expired unnoticed: then its counts are of a time that is over, which increase() sees as well.
    idle_.erase(entry->idle);
    entry->idle = idle_.end();
  }
  connections.now = ++entry->connections;
  connections.rate = increase(*entry, ident, Rate::connection);
  remember(most_connections_, connections.now, ident);
  return connections;
}

void Anvil::disconnected(const std::string& ident) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(ident);
  if (entry == entries_.end() || entry->second.connections == 0) return;
  if (--entry->second.connections == 0) {
    entry->second.left = env_.steady();
    entry->second.idle = idle_.insert(idle_.end(), ident);
  }
  expire(0);
}

std::int64_t Anvil::count(const std::string& ident, Rate rate) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(ident);
  return entry == entries_.end() ? 0 : increase(entry->second, ident, rate);
}

std::int64_t Anvil::rate(const std::string& ident, Rate rate) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(ident);
  if (entry == entries_.end()) return 0;
  renew_window(entry->second);
  return entry->second.counts[static_cast<std::size_t>(rate)];
}

std::vector<Anvil::Client> Anvil::clients() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const SteadyTime now = env_.steady();
  std::vector<Client> clients;
  for (const auto& [ident, entry] : entries_) {
    if (entry.window_began + options_.time_unit >= now)
      clients.push_back({ident, entry.window_began, entry.counts});
  }
  return clients;
}

void Anvil::remember(const std::vector<Client>& clients) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Client& client : clients) {
    if (entries_.contains(client.ident)) continue;
    Entry* const entry = entry_of(client.ident);
    if (entry == nullptr) return;
    entry->counts = client.counts;
    entry->window_began = client.window_began;
    entry->left = env_.steady();
    entry->idle = idle_.insert(idle_.end(), client.ident);
  }
}

void Anvil::say_most(Most& most, std::string_view what, bool is_rate) {
  if (most.value == 0) return;
  Event event;
  event.program = Program::anvil;
  const std::string value = is_rate ? fmt::format("{}/{}s", most.value, options_.time_unit.count())
                                    : fmt::format("{}", most.value);
  event.text = fmt::format("statistics: max {} {} for ({}) at {}", what, value, most.ident,
                           moment(most.when));
  log_.write(event);
  most = Most();
}

void Anvil::report() {
  const std::lock_guard<std::mutex> lock(mutex_);
  expire(0);
  say_most(most_[0], "connection rate", true);
  say_most(most_connections_, "connection count", false);
  say_most(most_[1], "message rate", true);
  say_most(most_[2], "recipient rate", true);
  say_most(most_[3], "newtls rate", true);
  say_most(most_[4], "auth rate", true);
  if (most_entries_.value == 0) return;
  Event event;
  event.program = Program::anvil;
  event.text = fmt::format("statistics: max cache size {} at {}", most_entries_.value,
                           moment(most_entries_.when));
  log_.write(event);
  most_entries_ = Most();
}

}  // namespace headgate::stress
