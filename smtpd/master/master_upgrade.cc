// QUEUE hands over first: it takes up nothing new and ends with its deliveries, wakes wait in their channel. Then this
// process becomes the new program, which finds everything where it was and brings up a generation of its own. Nothing is
// given up before the new program has shown that it can start with the files as they are: after exec there is no way back.
// Tested by tests/e2e/upgrade_test.py.
#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/base/version.h"
#include "smtpd/master/handover.h"
#include "smtpd/master/master.h"
#include "smtpd/master/signals.h"

namespace headgate::master {

namespace {

constexpr std::chrono::seconds kQueueLimit{30};
constexpr std::chrono::milliseconds kStep{20};

}  // namespace

Task<void> Master::upgrade() {
  if (reloading_) co_return;
  reloading_ = true;
  upgrade_wanted_ = false;
  co_await end_reviving();
  if (stopping_) co_return;
  Result<void> sound = Handover::try_program(options_.command);
  if (!sound) {
    stay(sound.error());
    co_return;
  }
  say(Level::info, "upgrading: the new program takes over");
  co_await end_queue();
  sound = Handover::try_program(options_.command);  // somebody may have edited main.cf meanwhile
  if (!sound) {
    stay(sound.error());
    co_return;
  }
  block_signals();
  co_await pause(kStep);  // those that were caught before that are heard
  if (stopping_) {
    unblock_signals();
    co_return;
  }
  const Result<void> failed = Handover::exec(*this);
  unblock_signals();
  stay(failed.error());
}

Task<void> Master::end_queue() {
  const ChildPtr queue = current(Role::queue);
  if (queue == nullptr) co_return;
  queue->expected_to_end = true;
  current(Role::queue) = nullptr;
  order(queue, Order::stop);
  const bool gone = co_await until_gone(Role::queue, kQueueLimit);
  if (!gone) kill(queue);
  while (!all_of(Role::queue).empty()) co_await pause(kStep);
}

void Master::stay(const Error& why) {
  for (const std::string_view line : text::split(why.text(), "\n"))
    say(Level::error, fmt::format("upgrade: {}; the old program goes on", line));
  catch_up();
}

// The new program's first steps: who is at work goes on until its successor is ready.
Task<void> Master::take_over() {
  for (const auto& [pid, child] : children_) {
    aio::co_spawn(io_, listen(child), aio::detached);
    // It may not have heard of it from the program before; twice does no harm.
    if (child->state == Child::State::retired) order(child, Order::retire);
  }
  reap();
  started_ = true;
  say(Level::info, fmt::format("upgraded to version {}", kVersion));
  notifier_.ready("running");
  reload_wanted_ = true;
  co_await reload();
}

}  // namespace headgate::master
