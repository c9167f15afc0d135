// Reputation: what is remembered of clients by address: who has sent mail that was accepted (known good), and who, while
// the service was under stress, has taken a slot and brought nothing: once is doubtful, twice is suspect. Who is none of
// these is unknown.
//   Units     good_for: how long an accepted message speaks for its client; strikes count for kStrikesLast.
//   Limits    most_clients of either kind; the one heard of longest ago goes first. A flood of strikes pushes no known good
//             client out. A reload's new process is given it (clients(), remember()); nothing is kept over a restart.
//   Threads   any.
//   Source    architecture.md D11; docs/stress.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/env.h"

namespace headgate::stress {

// In the order of deserving.
enum class Standing : std::uint8_t { suspect, doubtful, unknown, good };
inline constexpr std::size_t kStandings = 4;

class Reputation {
 public:
  static constexpr std::chrono::seconds kStrikesLast{300};
  static constexpr int kStrikesOfASuspect = 2;

  struct Options {
    std::chrono::seconds good_for{86400};
    std::size_t most_clients = 100000;
  };

  explicit Reputation(Env& env) : env_(env) {}

  void configure(const Options& options);

  void accepted(const std::string& address);  // a message; takes its strikes away
  void strike(const std::string& address);    // a slot for nothing
  [[nodiscard]] Standing standing(const std::string& address);

  struct Sizes {
    std::size_t good = 0, struck = 0;
  };

  [[nodiscard]] Sizes sizes() const;

  // What is known of an address.
  struct Note {
    std::string address;
    SteadyTime when;
    int count = 0;  // of strikes
  };

  struct Clients {
    std::vector<Note> good, struck;  // the latest last
  };

  [[nodiscard]] Clients clients() const;
  void remember(const Clients& clients);  // before anything is known

 private:
  struct Notes {
    std::list<Note> by_time;
    std::unordered_map<std::string, std::list<Note>::iterator> by_address;

    Note& renew(const std::string& address, SteadyTime now);
    Note* find(const std::string& address);
    void forget(const std::string& address);
    void trim(std::size_t most);
  };

  Env& env_;
  mutable std::mutex mutex_;
  Options options_;
  Notes good_, struck_;
};

}  // namespace headgate::stress
