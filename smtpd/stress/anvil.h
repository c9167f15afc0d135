// Anvil: what each client does in a minute: connections at once and connections, messages, recipients, new TLS sessions
// and AUTH commands per anvil_rate_time_unit. It counts; the caller compares with a limit and refuses.
//   Units     events; a client is "service:address" or "service:network/length" (ident()).
//   Limits    an entry goes one time unit after its client's last disconnect, or when `most_entries` are held and others
//             are newer; one with a connection stays. Beyond that (as many connections as entries) new clients are not counted.
//   Threads   any.        Errors    none: who cannot be counted has no limit, as when Postfix's anvil does not answer.
//   Source    anvil(8), seen at work in Postfix 3.7.11; smtpd.md §3.8. Fixed windows: the counts start anew with the first
//             event that is later than a time unit after the window's first.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/event.h"

namespace headgate::stress {

class Anvil {
 public:
  enum class Rate : std::uint8_t { connection, message, recipient, new_tls, auth };

  struct Options {
    std::chrono::seconds time_unit{60};
    std::size_t most_entries = 100000;
  };

  // Of one client; 0 = not counted.
  struct Connections {
    std::int64_t now = 0, rate = 0;
  };

  Anvil(Env& env, EventSink& log) : env_(env), log_(log) {}

  void configure(const Options& options);

  [[nodiscard]] Connections connected(const std::string& ident);
  void disconnected(const std::string& ident);
  // Counts one in and says how many there were in this window. The client is connected.
  [[nodiscard]] std::int64_t count(const std::string& ident, Rate rate);

  // How many there were in this window, without another.
  [[nodiscard]] std::int64_t rate(const std::string& ident, Rate rate);

  // "statistics: max connection rate 2/60s for (smtp:192.0.2.1) at Nov 30 04:38:53" and so on, of the time since the last
  // report. Nothing where nothing happened.
  void report();

  [[nodiscard]] std::size_t entries() const;

  static constexpr std::size_t kRates = 5;

  // For the process that takes over: the counts of a window. Connections end with the process that has them.
  struct Client {
    std::string ident;
    SteadyTime window_began{};
    std::array<std::int64_t, kRates> counts{};
  };

  [[nodiscard]] std::vector<Client> clients() const;  // whose window is not over
  void remember(const std::vector<Client>& clients);  // as clients that have just left

 private:
  using Idle = std::list<std::string>;  // who has no connection, the one that left first in front

  struct Entry {
    std::int64_t connections = 0;
    std::array<std::int64_t, kRates> counts{};
    SteadyTime window_began{}, left{};
    Idle::iterator idle;  // while connections == 0
  };

  struct Most {
    std::int64_t value = 0;
    std::string ident;
    WallTime when{};
  };

  Entry* entry_of(const std::string& ident);
  void expire(std::size_t more);
  void renew_window(Entry& entry) const;
  std::int64_t increase(Entry& entry, const std::string& ident, Rate rate);
  void remember(Most& most, std::int64_t value, const std::string& ident) const;
  void say_most(Most& most, std::string_view what, bool is_rate);

  Env& env_;
  EventSink& log_;
  mutable std::mutex mutex_;
  Options options_;
  std::unordered_map<std::string, Entry> entries_;
  Idle idle_;
  std::array<Most, kRates> most_{};
  Most most_connections_, most_entries_;
};

}  // namespace headgate::stress
