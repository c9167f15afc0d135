// How the house starts, stops and changes is told in the mail log with the words that the one-process server has.
// Tested by tests/e2e/lifecycle_test.py, reload_test.py, roles_test.py and systemd_test.py.
#include <sys/wait.h>

#include <csignal>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/master/master.h"

namespace headgate::master {

namespace {

// A FRONT keeps these times itself; MASTER ends what does not.
constexpr std::chrono::seconds kDrainLimit{30}, kCutLimit{5}, kGrace{5}, kStateLimit{5};
constexpr std::chrono::milliseconds kStep{20};

}  // namespace

Task<void> Master::watch_signals() {
  while (true) {
    const auto [error, signal] = co_await signals_.async_wait(kAsTuple);
    if (error) co_return;
    switch (signal) {
      case SIGCHLD:
        reap();
        break;
      case SIGUSR1:
        reopen_log();
        break;
      case SIGHUP:
        reload_wanted_ = true;
        if (started_ && !stopping_) aio::co_spawn(io_, reload(), aio::detached);
        break;
      case SIGUSR2:
        upgrade_wanted_ = true;
        if (started_ && !stopping_) aio::co_spawn(io_, upgrade(), aio::detached);
        break;
      default:
        if (stopping_) {
          hurry_ = true;
        } else {
          stopping_ = true;
          aio::co_spawn(io_, stop(), aio::detached);
        }
    }
  }
}

// The loop that says it is alive is the one that starts and restarts everything.
Task<void> Master::watch_dog() {
  if (!notifier_.interval()) co_return;
  while (true) {
    notifier_.alive();
    co_await pause(*notifier_.interval());
  }
}

// The roles could not open it: it may be root's.
void Master::reopen_log() {
  const Result<void> reopened = options_.reopen_log();
  if (!reopened) say(Level::warning, reopened.error().text());
  const auto [mail, json] = options_.log_descriptors();
  std::vector<int> descriptors;
  std::uint64_t which = 0;
  if (mail >= 0) descriptors.push_back(mail), which |= 1;
  if (json >= 0) descriptors.push_back(json), which |= 2;
  if (which == 0) return;
  const std::string bytes = encode(message(Order::log, {}, which));
  for (const auto& [pid, child] : children_) {
    const Result<void> sent = child->control.send(bytes, descriptors);
    if (!sent) say(Level::warning, sent.error().text());
  }
}

void Master::refuse(const std::string& why) {
  for (const std::string_view line : text::split(why, "\n"))
    say(Level::error, fmt::format("reload: {}; the old configuration stays in force", line));
}

// At the end of a start, of a reload, of an upgrade that was none: everything that had to wait for it.
void Master::catch_up() {
  reloading_ = false;
  if (stopping_) return;
  if (reload_wanted_) aio::co_spawn(io_, reload(), aio::detached);
  if (upgrade_wanted_) aio::co_spawn(io_, upgrade(), aio::detached);
  for (const Role role : {Role::queue, Role::deliver, Role::front})
    if (current(role) == nullptr) aio::co_spawn(io_, revive(role), aio::detached);
}

// One after another; those that were asked for meanwhile are one.
Task<void> Master::reload() {
  if (reloading_) co_return;
  reloading_ = true;
  while (std::exchange(reload_wanted_, false) && !stopping_) {
    notifier_.reloading(env_.steady());
    co_await reload_once();
    notifier_.ready("running");
  }
  catch_up();
}

// Who is just being started again gives way: a reload brings a newer one, an upgrade could not tell it from a retired one.
Task<void> Master::end_reviving() {
  for (const bool& reviving : reviving_) {
    while (reviving) {
      for (const auto& [pid, child] : children_) child->tell();
      co_await pause(kStep);
    }
  }
}

Task<bool> Master::reload_once() {
  co_await end_reviving();
  Result<config::Config> fresh = options_.load();
  if (!fresh) {
    refuse(fresh.error().text());
    co_return false;
  }
  for (const Diagnostic& diagnostic : fresh->diagnostics) say(Level::warning, diagnostic.text);
  std::string culprit;
  const Result<void> prepared = ports_.prepare(*fresh, &culprit);
  if (!prepared) {
    refuse(fmt::format("service {}: {}", culprit, prepared.error().text()));
    co_return false;
  }
  ++generation_;
  const bool is_up = co_await bring_up();
  if (!is_up) {
    ports_.drop();
    co_return false;
  }
  ports_.take();
  warn_of_ignored(*fresh->main);
  config_ = std::move(*fresh);
  for (RestartPlan& plan : plans_) plan.set_throttle(config_.main->service_throttle_time);
  page_->reloads += 1;
  say(Level::info, "reload: new sessions use the new configuration");
  co_return true;
}

// The new FRONT begins when the old one has said what it leaves; clients that come in between wait in the backlog.
Task<bool> Master::bring_up() {
  std::vector<ChildPtr> children;
  std::string why;
  for (const Role role : {Role::deliver, Role::front}) {
    Result<ChildPtr> child = launch(role, current(role) != nullptr);
    if (child)
      children.push_back(std::move(*child));
    else
      why += (why.empty() ? "" : "\n") + child.error().text();
  }
  for (const ChildPtr& child : children) {
    const bool is_ready = co_await until_ready(child);
    if (is_ready) continue;
    if (!why.empty()) why += '\n';
    why += child->has_failed ? child->failure.text
                             : fmt::format("the new {} has ended", name_of(child->role));
  }
  ChildPtr queue;
  if (why.empty() && !stopping_ && current(Role::queue) == nullptr) {
    Result<ChildPtr> launched = launch(Role::queue, false);
    if (launched) {
      queue = std::move(*launched);
      const bool is_ready = co_await until_ready(queue);
      if (is_ready) install(queue, {});
    }
  }
  if (why.empty()) why = who_has_ended(children);
  if (!why.empty() || stopping_) {
    for (const ChildPtr& child : children) kill(child);
    if (!stopping_) refuse(why);
    co_return false;
  }
  if (queue == nullptr) order(current(Role::queue), Order::reload);
  for (const ChildPtr& child : children) {
    Fd state = co_await replace(child->role);
    install(child, std::move(state));
  }
  co_return true;
}

// One that was ready may have been killed while another still read its tables: the old ones must not go for it.
std::string Master::who_has_ended(const std::vector<ChildPtr>& children) {
  reap();
  std::string who;
  for (const ChildPtr& child : children)
    if (child->state == Child::State::ended)
      who += fmt::format("{}the new {} has ended", who.empty() ? "" : "\n", name_of(child->role));
  return who;
}

// The one at work takes nothing new from here on. What it leaves to its successor is kept only while that waits for it.
Task<Fd> Master::replace(Role role) {
  const ChildPtr before = current(role);
  if (before == nullptr) co_return Fd();
  before->has_left = false;
  before->may_leave = role == Role::front;
  retire(before);
  const SteadyTime limit = env_.steady() + kStateLimit;
  while (before->may_leave && !before->has_left && before->state != Child::State::ended &&
         env_.steady() < limit)
    co_await pause(std::chrono::milliseconds(2));
  before->may_leave = false;
  co_return std::move(before->left);
}

// What MASTER and QUEUE hold on to. Everything else is the new generation's.
void Master::warn_of_ignored(const config::Settings& fresh) {
  const config::Settings& old = *started_with_;
  const auto note = [this](std::string_view name) {
    say(Level::warning,
        fmt::format("ignoring {} change; to change {}, stop and start", name, name));
  };
  if (fresh.inet_interfaces != old.inet_interfaces) note("inet_interfaces");
  if (fresh.queue_directory != queue_directory_) note("queue_directory");
  if (fresh.maillog_file != maillog_file_) note("maillog_file");
  if (fresh.maillog_json_file != json_file_) note("maillog_json_file");
  if (fresh.mail_owner != old.mail_owner) note("mail_owner");
}

// True when no process of the role is left; a hurry ends the waiting.
Task<bool> Master::until_gone(Role role, std::chrono::seconds limit) {
  const SteadyTime end = env_.steady() + limit;
  while (!all_of(role).empty() && env_.steady() < end && !hurry_) co_await pause(kStep);
  co_return all_of(role).empty();
}

Task<void> Master::stop() {
  notifier_.stopping();
  say(Level::info, "terminating: waiting for sessions and deliveries under way");
  for (const auto& [pid, child] : children_) child->tell();
  for (const Build& build : builds_) kill(build.builder);
  leave_the_starting();
  for (const ChildPtr& child : all_of(Role::front)) order(child, Order::stop);
  bool gone = co_await until_gone(Role::front, kDrainLimit);
  if (!gone) {
    for (const ChildPtr& child : all_of(Role::front)) order(child, Order::cut);
    const SteadyTime end = env_.steady() + kCutLimit + kGrace;
    while (!all_of(Role::front).empty() && env_.steady() < end) co_await pause(kStep);
    for (const ChildPtr& child : all_of(Role::front)) kill(child);
  }
  co_await stop_queue();
  for (const ChildPtr& child : all_of(Role::deliver)) order(child, Order::stop);
  hurry_ = false;
  gone = co_await until_gone(Role::deliver, kCutLimit);
  for (const auto& [pid, child] : children_) kill(child);
  while (!children_.empty()) co_await pause(kStep);
  say(Level::info, "terminated");
  io_.stop();
}

// Each dear pattern of a table is tried for seconds, and nobody needs its result any more.
void Master::leave_the_starting() {
  bool left = false;
  for (const auto& [pid, child] : children_) {
    if (child->state != Child::State::starting || child->role == Role::builder) continue;
    kill(child);
    left = true;
  }
  if (left)
    say(Level::warning,
        "terminating: leaving a table that is still being read or its patterns tried; the next "
        "start reads it again");
}

// A next hop that says nothing holds a delivery for minutes; cut off, its message waits in the queue for the next start.
Task<void> Master::stop_queue() {
  for (const ChildPtr& child : all_of(Role::queue)) order(child, Order::stop);
  const bool gone = co_await until_gone(Role::queue, kDrainLimit);
  if (gone) co_return;
  say(Level::info, "terminating: deliveries under way are cut off, their mail stays in the queue");
  for (const ChildPtr& child : all_of(Role::deliver)) order(child, Order::cut);
  const SteadyTime end = env_.steady() + kCutLimit;
  while (!all_of(Role::queue).empty() && env_.steady() < end) co_await pause(kStep);
  if (all_of(Role::queue).empty()) co_return;
  say(Level::warning,
      "terminating: leaving content checks that do not end; their messages stay with the client "
      "or in the queue");
  for (const ChildPtr& child : all_of(Role::queue)) kill(child);
}

}  // namespace headgate::master
