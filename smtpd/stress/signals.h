// Signals: what says that the whole server is under stress: each a value, a limit and what it means. Level 0 is calm, 1 is
// stressed, 2 is severe. A signal rises when its value has been at its limit for kSustained readings in a row (a moment's
// hiccup is no stress) and falls when it has been below four fifths of it as often.
//   Signals   loop_lag: how late the latest event loop is; commit_latency: how long a message's commit takes; memory:
//             of the cgroup's memory.high or memory.max; memory_pressure: PSI, some avg10; rss: of this process.
//   Units     each signal's own (unit); a limit of 0 switches a signal off, an absent value says nothing.
//   Threads   any.
//   Source    docs/stress.md; cgroup-v2 and PSI of the Linux kernel's documentation.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headgate::stress {

using Level = int;  // 0 calm, 1 stressed, 2 severe
inline constexpr Level kCalm = 0, kStressed = 1, kSevere = 2;

enum class SignalName : std::uint8_t { loop_lag, commit_latency, memory, memory_pressure, rss };
inline constexpr std::size_t kSignals = 5;

std::string_view text_of(SignalName name);
std::string_view unit_of(SignalName name);
std::optional<SignalName> signal_named(std::string_view text);

struct Thresholds {
  double stressed = 0, severe = 0;  // 0: no limit
};

// As `status` shows it.
struct SignalView {
  std::string_view name, unit;
  std::optional<double> value;
  Thresholds thresholds;
  Level level = kCalm;
};

class Signals {
 public:
  static constexpr int kSustained = 3;

  using Values = std::array<std::optional<double>, kSignals>;

  void configure(SignalName name, Thresholds thresholds);

  // One reading of all, made about once a second.
  void read(const Values& values);

  [[nodiscard]] Level level(SignalName name) const;
  [[nodiscard]] SignalView view(SignalName name) const;
  // "loop_lag 812 ms (limit 500 ms)"
  [[nodiscard]] std::string why(SignalName name) const;

 private:
  struct Signal {
    Thresholds thresholds;
    std::optional<double> value;
    Level level = kCalm;
    int rising = 0, falling = 0;  // readings in a row that ask for more, or for less
  };

  static Level asked_for(const Signal& signal, double factor);
  static void step(Signal& signal);

  mutable std::mutex mutex_;
  std::array<Signal, kSignals> signals_;
  std::array<std::atomic<Level>, kSignals> levels_{};  // as in signals_, for who asks all the time
};

}  // namespace headgate::stress
