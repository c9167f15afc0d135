// full_ holds the window open without a timer: until_ is set anew when the first slot becomes free again. Everybody who
// asks for the level settles what has changed, so a change is noticed at the next command at the latest.
// Tested by controller_test with a clock that the test moves.
#include "smtpd/stress/controller.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace headgate::stress {
namespace {

constexpr std::chrono::seconds kWarningInterval{1000};
constexpr std::string_view kHelp = "https://www.postfix.org/STRESS_README.html";

}  // namespace

Controller::Controller(Policy policy, Env& env, EventSink& log, const Signals& signals,
                       History& history)
    : env_(env), log_(log), signals_(signals), history_(history), policy_(std::move(policy)) {}

void Controller::say(headgate::Level level, std::string text) {
  if (handed_over_) return;
  Event event;
  event.program = Program::master;
  event.level = level;
  event.text = std::move(text);
  log_.write(event);
}

void Controller::set_policy(Policy policy) {
  const std::lock_guard<std::mutex> lock(mutex_);
  policy_ = std::move(policy);
}

void Controller::set_mode(Mode mode) {
  const std::lock_guard<std::mutex> lock(mutex_);
  mode_ = mode;
  settle();
}

Mode Controller::mode() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return mode_;
}

void Controller::taken(const Slots& slots) {
  const std::lock_guard<std::mutex> lock(mutex_);
  in_use_ = slots.in_use();
  limit_ = slots.limit();
  if (!policy_.eligible || !slots.full()) return;
  settle();  // a time that ran out before this client came is over
  window_ = full_ = true;
  settle();
  warn_busy(slots);
}

void Controller::released(const Slots& slots) {
  const std::lock_guard<std::mutex> lock(mutex_);
  in_use_ = slots.in_use();
  limit_ = slots.limit();
  if (!full_ || slots.full()) return;
  full_ = false;
  until_ = env_.steady() + policy_.duration;
}

void Controller::waiting(const Slots& slots, std::size_t clients) {
  const std::lock_guard<std::mutex> lock(mutex_);
  in_use_ = slots.in_use();
  limit_ = slots.limit();
  waiting_ = clients;
  settle();
}

// Asked at every command of every session: the reason only where it is wanted.
Level Controller::level_now(std::string* why) const {
  Level found = kCalm;
  const auto find = [&](Level level, const auto& reason) {
    found = level;
    if (why != nullptr) *why = reason();
  };
  if (!policy_.switches || mode_ == Mode::off) {
    find(kCalm, [this] { return policy_.switches ? "off by hand" : "not switched"; });
    return found;
  }
  find(kCalm, [] { return "calm"; });
  if (mode_ == Mode::on) find(kStressed, [] { return "on by hand"; });
  if (policy_.by_slots && window_ && severe_load_)
    find(kSevere,
         [this] { return fmt::format("{}/{} busy, {} waiting", in_use_, limit_, waiting_); });
  else if (policy_.by_slots && window_ && found < kStressed)
    find(kStressed, [this] { return fmt::format("{}/{} busy", in_use_, limit_); });
  for (const SignalName signal : policy_.signals) {
    const Level level = signals_.level(signal);
    if (level > found) find(level, [&] { return signals_.why(signal); });
  }
  if (signal_window_ && found < kStressed)
    find(kStressed, [this] { return "after " + signal_why_; });
  return found;
}

void Controller::look_at_signals() {
  for (const SignalName signal : policy_.signals) {
    if (signals_.level(signal) == kCalm) continue;
    signal_window_ = true;
    signal_until_ = env_.steady() + policy_.duration;
    signal_why_ = signals_.why(signal);
    return;
  }
  if (env_.steady() >= signal_until_) signal_window_ = false;
}

// A count goes up and down with every client.
void Controller::look_at_load() {
  const double load = static_cast<double>(in_use_) + static_cast<double>(waiting_);
  const double severe = kSevereLoad * static_cast<double>(limit_);
  const SteadyTime now = env_.steady();
  if (waiting_ != 0 && load >= severe) severe_load_ = true;
  if (waiting_ != 0 && load >= kEasedPart * severe) high_load_at_ = now;
  if (now - high_load_at_ >= kEasedFor) severe_load_ = false;
}

Level Controller::settle() {
  look_at_signals();
  look_at_load();
  if (window_ && !full_ && env_.steady() >= until_) window_ = false;
  const Level before = std::exchange(level_, level_now());
  if (before == level_) return level_;
  static_cast<void>(level_now(&why_));
  const std::string who =
      fmt::format("stress: service \"{}\" ({})", policy_.service, policy_.canonical);
  if (before == kCalm) since_ = env_.steady();
  if (level_ == kCalm) {
    const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(env_.steady() - since_);
    say(headgate::Level::info,
        fmt::format("{} leaving stress mode after {} s", who, lasted.count()));
  } else if (before == kCalm) {
    say(headgate::Level::info, fmt::format("{} entering stress mode ({})", who, why_));
  }
  if (level_ == kSevere || before == kSevere)
    say(headgate::Level::info, fmt::format("{} level {} -> {} ({})", who, before, level_, why_));
  history_.add({env_.wall(), policy_.canonical, before, level_, why_});
  return level_;
}

Level Controller::level() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return settle();
}

std::string Controller::why() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return policy_.switches ? why_ : "not switched";
}

std::optional<SteadyTime> Controller::ends_at() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (full_ || (!window_ && !signal_window_)) return std::nullopt;
  return std::max(window_ ? until_ : SteadyTime::min(),
                  signal_window_ ? signal_until_ : SteadyTime::min());
}

SignalView Controller::slots_view(const Slots& slots) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  SignalView view{"slots", "of maxproc", std::nullopt, {}, kCalm};
  if (slots.limit() == 0) return view;
  const auto limit = static_cast<double>(slots.limit());
  view.value = (static_cast<double>(slots.in_use()) + static_cast<double>(waiting_)) / limit;
  if (!policy_.eligible || !policy_.by_slots) return view;
  view.thresholds = {1, kSevereLoad};
  if (window_) view.level = severe_load_ ? kSevere : kStressed;
  return view;
}

// A full service is one whose slots become free as it hands over: the next one begins with none in use.
Controller::Memory Controller::hand_over() {
  const std::lock_guard<std::mutex> lock(mutex_);
  settle();
  handed_over_ = true;
  return {mode_,         level_,         why_,   signal_why_,
          window_,       signal_window_, since_, full_ ? env_.steady() + policy_.duration : until_,
          signal_until_, warned_};
}

void Controller::remember(Memory memory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  mode_ = memory.mode;
  level_ = memory.level;
  why_ = std::move(memory.why);
  signal_why_ = std::move(memory.signal_why);
  window_ = memory.window;
  signal_window_ = memory.signal_window;
  since_ = memory.since;
  until_ = memory.until;
  signal_until_ = memory.signal_until;
  warned_ = memory.warned;
  settle();
}

void Controller::warn_busy(const Slots& slots) {
  const SteadyTime now = env_.steady();
  if (warned_ && now - *warned_ <= kWarningInterval) return;
  warned_ = now;
  say(headgate::Level::warning,
      fmt::format("service \"{}\" ({}) has reached its process limit \"{}\": new clients may "
                  "experience noticeable delays",
                  policy_.service, policy_.canonical, slots.limit()));
  say(headgate::Level::warning,
      "to avoid this condition, increase the process count in master.cf or reduce the service time "
      "per client");
  say(headgate::Level::warning,
      fmt::format("see {} for examples of stress-adapting configuration settings", kHelp));
}

}  // namespace headgate::stress
