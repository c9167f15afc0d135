// A child is `current` from the moment it serves until a newer one of its role does, or until it ends. What ends
// unexpectedly is started again by revive(), one coroutine a role; a reload takes its place and makes it give way, because
// what could not start with the old configuration may with the new one.
// Tested by tests/e2e/roles_test.py, lifecycle_test.py and reload_test.py.
#include "smtpd/master/master.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/base/version.h"
#include "smtpd/master/handover.h"
#include "smtpd/master/signals.h"

namespace headgate::master {

namespace {

constexpr std::chrono::milliseconds kStep{20};
constexpr Role kStanding[] = {Role::queue, Role::deliver, Role::front};

Fd copy_of(const Fd& fd) { return fd.valid() ? Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)) : Fd(); }

std::int64_t nanoseconds(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

Master::Master(config::Config config, MasterOptions options, EventSink& log, Env& env)
    : config_(std::move(config)),
      options_(std::move(options)),
      log_(log),
      env_(env),
      started_with_(config_.main),
      signals_(io_),
      queue_directory_(config_.main->queue_directory),
      maillog_file_(config_.main->maillog_file),
      json_file_(config_.main->maillog_json_file),
      plans_{RestartPlan(config_.main->service_throttle_time),
             RestartPlan(config_.main->service_throttle_time),
             RestartPlan(config_.main->service_throttle_time)} {}

Master::~Master() = default;

void Master::say(Level level, std::string text) {
  Event event;
  event.level = level;
  event.text = std::move(text);
  log_.write(event);
}

Result<void> Master::open() {
  TRY(user, find_user(config_.main->mail_owner));
  user_ = user;
  TRY(program, open_file("/proc/self/exe", O_PATH));
  program_ = std::move(program);
  TRY(adopted, Handover::adopt(*this));
  adopted_ = adopted;
  if (!adopted_) {
    ports_.offer(inherited_sockets());
    TRY_OK(ports_.prepare_patiently(config_, env_));
    ports_.take();
    if (ports_.sockets().empty())
      return fail(Code::invalid, "no smtpd service of type inet in master.cf: nothing to serve");
    TRY(memory, MappedPage::make());
    page_memory_ = std::move(memory);
    for (Door* const door : {&wakes_, &deliveries_}) {
      TRY(pair, net::channel_pair(true));
      door->out = std::move(pair.first);
      door->in = std::move(pair.second);
    }
  }
  TRY(page, MappedPage::map(page_memory_));
  page_ = std::move(page);
  page_->master_pid = static_cast<std::uint64_t>(::getpid());
  if (page_->started == 0) page_->started = nanoseconds(env_.steady());
  raise_descriptor_limit();
  confine_master();
  return {};
}

Result<void> Master::run() {
  for (const int signal : kSignals) signals_.add(signal);
  unblock_signals();  // an upgrade has blocked them until somebody listens again
  aio::co_spawn(io_, watch_signals(), aio::detached);
  aio::co_spawn(io_, watch_dog(), aio::detached);
  aio::co_spawn(io_, begin(), aio::detached);
  io_.run();
  if (failure_) return tl::unexpected(std::move(*failure_));
  return {};
}

void Master::warn_of_unknown_services() {
  for (const config::Service& service : config_.services) {
    if (is_known_service(service)) continue;
    say(Level::warning,
        fmt::format("service {}/{} runs \"{}\", which this server does not have: not started",
                    service.name, service.type, service.command));
  }
}

// All of them, or nothing is served.
Task<void> Master::begin() {
  if (adopted_) {
    co_await take_over();
    co_return;
  }
  std::vector<ChildPtr> children;
  for (const Role role : kStanding) {
    Result<ChildPtr> child = launch(role, false);
    if (!child) {
      failure_ = std::move(child.error());
      break;
    }
    children.push_back(std::move(*child));
  }
  for (const ChildPtr& child : children) {
    if (failure_) break;
    const bool is_ready = co_await until_ready(child);
    if (is_ready) continue;
    failure_ = Error{static_cast<Code>(child->failure.number), child->failure.text, ""};
    if (!child->has_failed)
      failure_ = Error{Code::bug, fmt::format("{} has ended", name_of(child->role)), ""};
  }
  if (failure_ || stopping_) {
    for (const ChildPtr& child : children) kill(child);
    if (!stopping_) io_.stop();
    co_return;
  }
  for (const ChildPtr& child : children) install(child, {});
  started_ = true;
  warn_of_unknown_services();
  say(Level::info, fmt::format("daemon started -- version {}, configuration {}", kVersion,
                               config_.embedded ? "embedded" : config_.directory));
  options_.ready();
  notifier_.ready("running");
  catch_up();
}

Result<Begin> Master::describe(Role role, bool is_reload) const {
  Begin begin;
  begin.role = role;
  begin.generation = generation_;
  begin.directory = options_.wish.directory;
  begin.overrides = options_.wish.overrides;
  begin.overrides.emplace_back("queue_directory", queue_directory_);
  begin.overrides.emplace_back("maillog_file", maillog_file_);
  begin.overrides.emplace_back("maillog_json_file", json_file_);
  begin.user = user_.uid;
  begin.group = user_.gid;
  begin.changes_user = user_.changes;
  begin.is_reload = is_reload;
  begin.writers_live = !first_queue_;
  const ChildPtr& before = current_[static_cast<std::size_t>(role)];
  if (role != Role::builder && before != nullptr) begin.errors = before->errors;
  Begin::Descriptors& fds = begin.descriptors;
  const auto [mail, json] = options_.log_descriptors();
  if (mail >= 0) fds.log = Fd(::fcntl(mail, F_DUPFD_CLOEXEC, 0));
  if (json >= 0) fds.json_log = Fd(::fcntl(json, F_DUPFD_CLOEXEC, 0));
  if (role == Role::builder) return begin;
  if (role == Role::front || role == Role::queue) fds.page = copy_of(page_memory_);
  switch (role) {
    case Role::front:
      fds.door_out = copy_of(wakes_.out);
      fds.control = copy_of(options_.control);
      for (const auto& [service, sockets] : ports_.sockets()) {
        begin.listeners.emplace_back(service, static_cast<std::uint32_t>(sockets.size()));
        for (const Ports::Socket& socket : sockets) fds.listeners.push_back(copy_of(socket.fd));
      }
      break;
    case Role::queue:
      fds.door_in = copy_of(wakes_.in);
      fds.door_out = copy_of(deliveries_.out);
      break;
    case Role::deliver:
      fds.door_in = copy_of(deliveries_.in);
      break;
    case Role::builder:
      break;
  }
  return begin;
}

Result<ChildPtr> Master::launch(Role role, bool is_reload, std::string task) {
  TRY(begin, describe(role, is_reload));
  begin.task = std::move(task);
  TRY(child, spawn(io_, program_, begin, env_));
  if (role == Role::queue) first_queue_ = false;
  children_[child->pid] = child;
  aio::co_spawn(io_, listen(child), aio::detached);
  return child;
}

Task<void> Master::listen(ChildPtr child) {
  while (true) {
    Result<net::Packet> packet = co_await child->control.receive();
    if (!packet && packet.error().code == Code::corrupt) continue;
    if (!packet) co_return;
    const Result<Message> message = decode_message(packet->bytes);
    if (message) hear(child, *message, std::move(packet->descriptors));
  }
}

void Master::hear(const ChildPtr& child, const Message& message, std::vector<Fd> descriptors) {
  switch (static_cast<Report>(message.kind)) {
    case Report::ready:
      child->errors = message.text;
      if (child->state == Child::State::starting) child->state = Child::State::ready;
      if (child->role == Role::builder) end_build(child, "");
      break;
    case Report::failed:
      child->failure = message;
      child->has_failed = true;
      if (child->role == Role::builder)
        end_build(child, fmt::format("{} {}", message.number, message.text));
      break;
    case Report::state:
      if (!child->may_leave) break;  // late, or nobody has asked
      if (!descriptors.empty()) child->left = std::move(descriptors.front());
      child->has_left = true;
      break;
    case Report::errors:
      child->errors = message.text;
      break;
    case Report::build:
      start_build(child, message);
      break;
    case Report::cancel:
      for (const Build& build : builds_)
        if (build.wanted_by == child && build.number == message.number) kill(build.builder);
      break;
  }
  child->tell();
}

// False: it has ended, or told why it cannot serve; or we are being stopped, or a reload begins for who gives way to it.
Task<bool> Master::until_ready(ChildPtr child, bool gives_way) {
  while (child->state == Child::State::starting && !child->has_failed && !stopping_ &&
         !(gives_way && reloading_))
    co_await child->changed.async_wait(kAsTuple);
  co_return child->state == Child::State::ready;
}

void Master::order(const ChildPtr& child, Order what, std::string text, std::uint64_t number,
                   const Fd& descriptor) {
  if (child == nullptr || child->state == Child::State::ended) return;
  const int fd = descriptor.get();
  const std::span<const int> with(&fd, descriptor.valid() ? 1 : 0);
  const Result<void> sent =
      child->control.send(encode(message(what, std::move(text), number)), with);
  if (!sent && sent.error().code == Code::unavailable)
    say(Level::warning, fmt::format("{} does not hear its orders", name_of(child->role)));
}

void Master::kill(const ChildPtr& child) {
  child->expected_to_end = true;
  if (child->state != Child::State::ended) ::kill(child->pid, SIGKILL);
}

// From now on it serves. If it has ended since it was ready nobody does, and catch_up() is to follow.
void Master::install(const ChildPtr& child, Fd state) {
  RestartPlan& plan = plans_[static_cast<std::size_t>(child->role)];
  plan.started(child->started);
  plan.ready();
  if (child->state == Child::State::ended) {
    current(child->role) = nullptr;
    page_->roles[static_cast<std::size_t>(child->role)].pid = 0;
    return;
  }
  child->state = Child::State::going;
  current(child->role) = child;
  note_in_page(*child);
  order(child, Order::go, {}, 0, state);
}

void Master::retire(const ChildPtr& child) {
  if (child == nullptr || child->state == Child::State::ended) return;
  child->expected_to_end = true;
  child->state = Child::State::retired;
  order(child, Order::retire);
}

void Master::note_in_page(const Child& child) {
  Page::Process& process = page_->roles[static_cast<std::size_t>(child.role)];
  process.pid = static_cast<std::uint64_t>(child.pid);
  process.generation = child.generation;
  process.since = nanoseconds(child.started);
}

std::vector<ChildPtr> Master::all_of(Role role) const {
  std::vector<ChildPtr> all;
  for (const auto& [pid, child] : children_)
    if (child->role == role) all.push_back(child);
  return all;
}

void Master::reap() {
  while (true) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return;
    const auto found = children_.find(pid);
    if (found == children_.end()) continue;
    const ChildPtr child = found->second;
    children_.erase(found);
    on_end(child, status);
  }
}

// As master(8) words it.
void Master::on_end(const ChildPtr& child, int status) {
  const bool was_sound = started_ || child->state == Child::State::ready;
  child->state = Child::State::ended;
  child->control.close();
  child->tell();
  if (child->role == Role::builder) return end_build(child, "1 its builder was ended");
  const std::string who = fmt::format("headgate/{}", name_of(child->role));
  const bool told_why = child->has_failed || (stopping_ && WIFEXITED(status));
  if (!child->expected_to_end && !told_why && was_sound) {
    if (WIFSIGNALED(status)) {
      say(Level::warning,
          fmt::format("process {} pid {} killed by signal {}", who, child->pid, WTERMSIG(status)));
    } else {
      say(Level::warning,
          fmt::format("process {} pid {} exit status {}", who, child->pid, WEXITSTATUS(status)));
    }
  }
  if (child->role == Role::front)  // it may have left files that it had made ready
    order(current(Role::queue), Order::sweep);
  if (current(child->role) != child) return;
  if (child->role == Role::queue) page_->room = 0;
  current(child->role) = nullptr;
  page_->roles[static_cast<std::size_t>(child->role)].pid = 0;
  if (started_ && !stopping_) aio::co_spawn(io_, revive(child->role), aio::detached);
}

Task<void> Master::pause(std::chrono::milliseconds time) {
  aio::steady_timer timer(io_, time);
  co_await timer.async_wait(kAsTuple);
}

Task<void> Master::revive(Role role) {
  const auto number = static_cast<std::size_t>(role);
  if (reviving_[number]) co_return;
  reviving_[number] = true;
  RestartPlan& plan = plans_[number];
  while (!stopping_ && !reloading_) {
    const std::chrono::seconds wait = plan.ended(env_.steady());
    if (!plan.was_ready())
      say(Level::warning,
          fmt::format("headgate/{}: bad command startup -- throttling", name_of(role)));
    const SteadyTime due = env_.steady() + wait;
    while (env_.steady() < due && !stopping_ && !reloading_) co_await pause(kStep);
    if (stopping_ || reloading_) break;
    plan.started(env_.steady());
    page_->roles[number].restarts += 1;
    Result<ChildPtr> launched = launch(role, false);
    if (!launched) {
      say(Level::error, launched.error().text());
      continue;
    }
    const ChildPtr child = std::move(*launched);
    const bool is_ready = co_await until_ready(child, true);
    if (is_ready) {
      install(child, {});
      break;
    }
    if (child->has_failed)
      say(Level::error, fmt::format("headgate/{}: {}", name_of(role), child->failure.text));
    kill(child);
    while (child->state != Child::State::ended) co_await pause(kStep);
  }
  reviving_[number] = false;
}

}  // namespace headgate::master
