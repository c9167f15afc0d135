// A level changes by one step a reading at most: what jumps to severe passes through stressed.
// Tested by signals_test, without a clock: readings are what moves it.
#include "smtpd/stress/signals.h"

#include <cmath>

#include <fmt/format.h>

namespace headgate::stress {
namespace {

constexpr std::array<std::string_view, kSignals> kNames{"loop_lag", "commit_latency", "memory",
                                                        "memory_pressure", "rss"};
constexpr std::array<std::string_view, kSignals> kUnits{"ms", "ms", "%", "%", "MiB"};
constexpr double kExit = 0.8;

std::size_t index_of(SignalName name) { return static_cast<std::size_t>(name); }

}  // namespace

std::string_view text_of(SignalName name) { return kNames[index_of(name)]; }

std::string_view unit_of(SignalName name) { return kUnits[index_of(name)]; }

std::optional<SignalName> signal_named(std::string_view text) {
  for (std::size_t i = 0; i < kSignals; ++i) {
    if (kNames[i] == text) return static_cast<SignalName>(i);
  }
  return std::nullopt;
}

void Signals::configure(SignalName name, Thresholds thresholds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  signals_[index_of(name)].thresholds = thresholds;
}

Level Signals::asked_for(const Signal& signal, double factor) {
  const Thresholds& limits = signal.thresholds;
  if (!signal.value || limits.stressed <= 0) return kCalm;
  if (limits.severe > 0 && *signal.value >= limits.severe * factor) return kSevere;
  return *signal.value >= limits.stressed * factor ? kStressed : kCalm;
}

void Signals::step(Signal& signal) {
  signal.rising = asked_for(signal, 1) > signal.level ? signal.rising + 1 : 0;
  signal.falling = asked_for(signal, kExit) < signal.level ? signal.falling + 1 : 0;
  if (signal.rising >= kSustained) {
    ++signal.level;
    signal.rising = kSustained - 1;  // if it asks for more still, the next reading gives it
  } else if (signal.falling >= kSustained) {
    --signal.level;
    signal.falling = 0;
  }
}

void Signals::read(const Values& values) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (std::size_t i = 0; i < kSignals; ++i) {
    signals_[i].value = values[i];
    step(signals_[i]);
    levels_[i] = signals_[i].level;
  }
}

Level Signals::level(SignalName name) const { return levels_[index_of(name)]; }

SignalView Signals::view(SignalName name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Signal& signal = signals_[index_of(name)];
  return {text_of(name), unit_of(name), signal.value, signal.thresholds, signal.level};
}

std::string Signals::why(SignalName name) const {
  const SignalView signal = view(name);
  const double limit =
      signal.level >= kSevere ? signal.thresholds.severe : signal.thresholds.stressed;
  return fmt::format("{} {:.0f} {} (limit {:.0f} {})", signal.name,
                     signal.value ? std::round(*signal.value) : 0, signal.unit, limit, signal.unit);
}

}  // namespace headgate::stress
