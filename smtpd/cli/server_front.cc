// The Server as FRONT alone: what MASTER has made is used, and what MASTER orders is done.
// Tested by tests/e2e/roles_test.py and, in the split, by most of tests/e2e.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "smtpd/cli/front_state.h"
#include "smtpd/cli/remote_queue.h"
#include "smtpd/cli/server.h"

namespace headgate::cli {
namespace {

constexpr std::chrono::milliseconds kRetireStep{100};

}  // namespace

// FRONT writes the spool's files itself; only their names go through the door.
Result<void> Server::open_door() {
  queue::SpoolOptions options;
  options.long_ids = config_.main->enable_long_queue_ids;
  options.spares = &links_->page->spares;
  spool_ = queue::open_spool_to_fill(config_.main->queue_directory, env_, options);
  commits_ = std::make_unique<CommitDesk>(intake_disk_, *spool_, links_->wakes.get(), links_->page,
                                          env_, links_->flush_log);
  const auto make_door = [this](const aio::any_io_executor& home) {
    return std::make_unique<RemoteQueue>(home, *commits_);
  };
  door_ = make_door(io_.get_executor());
  services_ =
      std::make_unique<session::Services>(*spool_, *door_, loop_, env_, log_, stress_.house());
  const std::size_t more = event_loops(config_.main->smtpd_event_loops) - 1;
  loops_ =
      std::make_unique<EventLoops>(io_.get_executor(), *services_, more, intake_disk_, make_door);
  stress_.watch([this] { return loops_->lag(); });
  return {};
}

// Sessions stay where they are, and with them who is connected just now.
Fd Server::hand_over() {
  FrontState state;
  for (const auto& [name, running] : running_)
    state.services[name] = running.front->controller().hand_over();
  stress::House& house = stress_.house();
  state.clients = house.reputation.clients();
  state.rates = house.anvil.clients();
  state.history = house.history.all();
  state.refusals = house.tally.all();
  state.ticket_keys = tls_->ticket_keys();
  Result<Fd> memory = keep_state(encode(state));
  if (memory) return std::move(*memory);
  say(Level::warning, memory.error().text());
  return {};
}

Result<void> Server::remember(const Fd& memory) {
  TRY(bytes, read_state(memory));
  Result<FrontState> state = decode_front_state(bytes);
  net::wipe(bytes);
  if (!state) return tl::unexpected(std::move(state.error()));
  stress::House& house = stress_.house();
  house.reputation.remember(state->clients);
  house.anvil.remember(state->rates);
  for (stress::Change& change : state->history) house.history.add(std::move(change));
  house.tally.remember(state->refusals);
  tls_->adopt(state->ticket_keys);
  for (auto& [name, service] : state->services) {
    const auto running = running_.find(name);
    if (running != running_.end()) running->second.front->controller().remember(std::move(service));
  }
  return {};
}

void Server::serve(Fd state) {
  if (state.valid()) {
    const Result<void> known = remember(state);
    if (!known)
      say(Level::warning, fmt::format("a new FRONT begins anew: {}", known.error().text()));
  }
  for (const auto& [name, running] : running_) running.front->start();
  stress_.start([this] { each_second(); });
  renewal_->start(config_.main->check_table_poll_interval);
  if (control_) control_->start();
}

void Server::close_doors() {
  for (const auto& [name, running] : running_) running.front->stop_listening();
  if (control_) control_->retire();
}

Task<void> Server::retire() {
  reports_.mute();  // the new FRONT has said it all
  const auto quiet = [](const auto& entry) { return entry.second.front->quiet(); };
  const auto all_quiet = [&] { return std::all_of(running_.begin(), running_.end(), quiet); };
  if (!all_quiet()) renewal_->reload();  // those that go on take the new with their next message
  do {                                   // at least once: a client may just have been accepted
    co_await loop_.pause(kRetireStep);
  } while (!all_quiet());
  for (const auto& [name, running] : running_) running.front->drain();
  while (!sessions_over()) co_await loop_.pause(kRetireStep);
  stress_.stop();
}

Task<void> Server::drain() {
  queue_done_ = true;
  co_await end_sessions();
  co_await stop_renewal();
  warn_of_the_left();
}

// Changed tables; or, in a FRONT that has been retired, the new configuration of the services that it knows.
bool Server::take_as_front(Prepared prepared) {
  for (PreparedService& service : prepared.services) {
    const auto running = running_.find(service.service.canonical);
    if (running == running_.end()) continue;
    running->second.front->reload(*service.generations);
    running->second.service = std::move(service.service);
  }
  if (!prepared.config) return true;
  for (const auto& [name, running] : running_)  // its sessions end at the end of their messages
    if (!master::serves(*prepared.config, name)) running.front->drain();
  config_ = std::move(*prepared.config);
  tls_ = std::move(prepared.tls);
  stress_.use(config_.main);
  return true;
}

// What MASTER and QUEUE have written down for everybody.
void Server::describe_roles(ServerStatus& status) const {
  const master::MappedPage& page = links_->page;
  const SteadyTime now = env_.steady();
  const auto since = [now](std::int64_t nanoseconds) {
    const auto age = now.time_since_epoch() - std::chrono::nanoseconds(nanoseconds);
    return std::chrono::duration_cast<std::chrono::seconds>(age).count();
  };
  status.pid = static_cast<std::int64_t>(page->master_pid.load());
  status.uptime_seconds = since(page->started);
  for (const master::Role role :
       {master::Role::front, master::Role::queue, master::Role::deliver}) {
    const master::Page::Process& process = page->roles[static_cast<std::size_t>(role)];
    RoleInfo info;
    info.role = master::name_of(role);
    info.pid = static_cast<std::int64_t>(process.pid.load());
    info.generation = static_cast<std::int64_t>(process.generation.load());
    info.restarts = static_cast<std::int64_t>(process.restarts.load());
    if (info.pid != 0) info.uptime_seconds = since(process.since);
    status.roles.push_back(std::move(info));
  }
  status.queue_waiting = static_cast<std::int64_t>(page->waiting.load());
  status.queue_active = static_cast<std::int64_t>(page->active.load());
}

}  // namespace headgate::cli
