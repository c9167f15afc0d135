// full_ holds the window open without a timer: until_ is set anew when the first slot becomes free again.
// Tested by controller_test with a clock that the test moves.
#include "smtpd/stress/controller.h"

#include <utility>

#include <fmt/format.h>

namespace headgate::stress {
namespace {

constexpr std::chrono::seconds kWarningInterval{1000};
constexpr std::string_view kHelp = "https://www.postfix.org/STRESS_README.html";

}  // namespace

Controller::Controller(Policy policy, Env& env, EventSink& log)
    : policy_(std::move(policy)), env_(env), log_(log) {}

void Controller::say(Level level, std::string text) {
  Event event;
  event.program = Program::master;
  event.level = level;
  event.text = std::move(text);
  log_.write(event);
}

void Controller::taken(const Slots& slots) {
  if (!policy_.eligible || !slots.full()) return;
  if (policy_.switches) enter(slots);
  full_ = true;  // after enter(), which must see a time that ran out before this client came
  warn_busy(slots);
}

void Controller::released(const Slots& slots) {
  if (!full_ || slots.full()) return;
  full_ = false;
  until_ = env_.steady() + policy_.duration;
}

void Controller::enter(const Slots& slots) {
  if (stressed()) return;
  on_ = true;
  since_ = env_.steady();
  say(Level::info, fmt::format("stress: service \"{}\" ({}) entering stress mode ({}/{} busy)",
                               policy_.service, policy_.canonical, slots.in_use(), slots.limit()));
}

bool Controller::stressed() {
  if (!on_ || full_ || env_.steady() < until_) return on_;
  on_ = false;
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(env_.steady() - since_);
  say(Level::info, fmt::format("stress: service \"{}\" ({}) leaving stress mode after {} s",
                               policy_.service, policy_.canonical, lasted.count()));
  return false;
}

std::optional<SteadyTime> Controller::ends_at() const {
  if (!on_ || full_) return std::nullopt;
  return until_;
}

void Controller::warn_busy(const Slots& slots) {
  const SteadyTime now = env_.steady();
  if (warned_ && now - *warned_ <= kWarningInterval) return;
  warned_ = now;
  say(Level::warning, fmt::format("service \"{}\" ({}) has reached its process limit \"{}\": new "
                                  "clients may experience noticeable delays",
                                  policy_.service, policy_.canonical, slots.limit()));
  say(Level::warning,
      "to avoid this condition, increase the process count in master.cf or reduce the service time "
      "per client");
  say(Level::warning,
      fmt::format("see {} for examples of stress-adapting configuration settings", kHelp));
}

}  // namespace headgate::stress
