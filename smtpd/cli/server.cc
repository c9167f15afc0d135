// Start: everything is opened before the first client is accepted, so that a bad port, a locked spool or an unreadable
// configuration is a clear fatal and not a half-running server.
// Stop: no new clients; sessions end at the end of their command or message, within kDrainLimit; then the queue, whose
// deliveries under way end first, within kDrainLimit again. A second signal cuts both.
// Tested by tests/e2e/lifecycle_test.py.
#include "smtpd/cli/server.h"

#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "smtpd/cli/generation.h"

namespace headgate::cli {
namespace {

constexpr std::chrono::seconds kNamePatience{10};
constexpr std::chrono::seconds kDrainLimit{30};
constexpr std::chrono::milliseconds kDrainStep{20};

// master.cf's own transports: "scan unix … smtp" is a name for the SMTP client.
deliver::TransportCommands transports(const config::Config& config) {
  deliver::TransportCommands commands;
  for (const config::Service& service : config.services) {
    if (service.type == "unix") commands[service.name] = service.command;
  }
  return commands;
}

}  // namespace

// Door 2 in one process: a call.
class Server::WakeQueue final : public session::QueueDoor {
 public:
  explicit WakeQueue(queue::Manager& manager) : manager_(manager) {}

  void wake(std::string id) override { manager_.wake(std::move(id)); }

 private:
  queue::Manager& manager_;
};

Server::Server(config::Config config, std::function<Result<config::Config>()> load,
               rules::ProgramSource& programs, EventSink& log, Env& env)
    : config_(std::move(config)),
      load_(std::move(load)),
      programs_(programs),
      log_(log),
      env_(env),
      signals_(io_),
      loop_(disk_),
      names_(name_threads_, kNamePatience) {}

Server::~Server() {
  disk_.join();
  name_threads_.stop();
  name_threads_.join();
}

void Server::say(Level level, std::string text) {
  Event event;
  event.level = level;
  event.text = std::move(text);
  log_.write(event);
}

Result<void> Server::open() {
  TRY_OK(open_queue());
  for (const config::Service& service : config_.services) {
    if (is_smtp_service(service)) {
      TRY_OK(open_front(service));
    } else if (!is_known_service(service)) {
      say(Level::warning,
          fmt::format("service {}/{} runs \"{}\", which this server does not have: not started",
                      service.name, service.type, service.command));
    }
  }
  if (fronts_.empty())
    return fail(Code::invalid, "no smtpd service of type inet in master.cf: nothing to serve");
  return {};
}

Result<void> Server::open_queue() {
  queue::SpoolOptions options;
  options.long_ids = config_.main->enable_long_queue_ids;
  TRY(spool, queue::open_spool(config_.main->queue_directory, env_, log_, options));
  spool_ = std::move(spool);
  TRY(resolver, net::open_system_resolver());
  resolver_ = std::move(resolver);
  connector_ = std::make_unique<deliver::TcpConnector>(config_.main->smtp_bind_address);
  worker_ = std::make_unique<deliver::Worker>(disk_, config_.main, programs_, *resolver_,
                                              *connector_, log_, env_, transports(config_));
  manager_ = std::make_unique<queue::Manager>(io_.get_executor(), disk_, *spool_, config_.main,
                                              *worker_, log_, env_);
  door_ = std::make_unique<WakeQueue>(*manager_);
  services_ = std::make_unique<session::Services>(*spool_, *door_, loop_, env_, log_);
  return {};
}

Result<void> Server::open_front(const config::Service& service) {
  TRY(generation, open_generation(service, programs_, log_, Missing::fails_each_lookup));
  TRY(endpoints, service_endpoints(service));
  auto front =
      std::make_unique<session::Front>(io_.get_executor(), generation, *services_, names_, limits_);
  TRY_OK(front->listen(endpoints));
  fronts_[service.canonical] = std::move(front);
  return {};
}

std::vector<net::Endpoint> Server::listening_on() const {
  std::vector<net::Endpoint> all;
  for (const auto& [name, front] : fronts_) {
    for (net::Endpoint& endpoint : front->listening_on()) all.push_back(std::move(endpoint));
  }
  return all;
}

void Server::run(const std::function<void()>& reopen_log, const std::function<void()>& ready) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) signals_.add(signal);
  aio::co_spawn(io_, watch_signals(reopen_log), aio::detached);
  aio::co_spawn(io_, run_queue(), aio::detached);
  for (const auto& [name, front] : fronts_) front->start();
  say(Level::info, "daemon started -- version 0.1.0, configuration " +
                       (config_.embedded ? std::string("embedded") : config_.directory));
  ready();
  io_.run();
}

Task<void> Server::run_queue() {
  co_await manager_->run();
  queue_done_ = true;
}

Task<void> Server::watch_signals(std::function<void()> reopen_log) {
  while (true) {
    const auto [error, signal] = co_await signals_.async_wait(kAsTuple);
    if (error) co_return;
    if (signal == SIGUSR1) {
      reopen_log();
    } else if (signal == SIGHUP) {
      if (!stopping_) reload();
    } else if (stopping_) {
      hurry_ = true;
      for (const auto& [name, front] : fronts_) front->cut();
      for (const auto& front : retired_) front->cut();
    } else {
      stopping_ = true;
      aio::co_spawn(io_, stop(), aio::detached);
    }
  }
}

bool Server::sessions_over() const {
  for (const auto& [name, front] : fronts_) {
    if (!front->finished()) return false;
  }
  for (const auto& front : retired_) {
    if (!front->finished()) return false;
  }
  return true;
}

Task<void> Server::stop() {
  say(Level::info, "terminating: waiting for sessions and deliveries under way");
  for (const auto& [name, front] : fronts_) front->drain();
  const SteadyTime cut_at = env_.steady() + kDrainLimit;
  bool cut = false;
  while (!sessions_over()) {
    co_await loop_.pause(kDrainStep);
    if (cut || env_.steady() < cut_at) continue;
    cut = true;
    for (const auto& [name, front] : fronts_) front->cut();
    for (const auto& front : retired_) front->cut();
  }
  co_await stop_queue();
  signals_.cancel();
  say(Level::info, "terminated");
}

// A next hop that says nothing holds a delivery for minutes; cut off, its message waits in the queue for the next start.
Task<void> Server::stop_queue() {
  manager_->stop();
  const SteadyTime cut_at = env_.steady() + kDrainLimit;
  bool cut = false;
  while (!queue_done_) {
    co_await loop_.pause(kDrainStep);
    if (queue_done_ || cut || (!hurry_ && env_.steady() < cut_at)) continue;
    cut = true;
    say(Level::info,
        "terminating: deliveries under way are cut off, their mail stays in the queue");
    connector_->cut();
  }
}

// New sessions and deliveries get the new settings and tables; a bad file leaves the old ones in force. Those under way
// keep theirs.
void Server::reload() {
  Result<config::Config> fresh = load_();
  if (!fresh) {
    say(Level::error,
        fmt::format("reload: {}; the old configuration stays in force", fresh.error().text()));
    return;
  }
  for (const Diagnostic& diagnostic : fresh->diagnostics) say(Level::warning, diagnostic.text);
  for (const config::Service& service : fresh->services) {
    if (is_smtp_service(service)) reload_service(service);
  }
  retire_vanished(*fresh);
  warn_of_ignored(*fresh->main);
  worker_->use(fresh->main, transports(*fresh));
  manager_->use(fresh->main);
  config_ = std::move(*fresh);
  say(Level::info, "reload: new sessions use the new configuration");
}

// What was opened at the start stays as it is.
void Server::warn_of_ignored(const config::Settings& fresh) {
  const config::Settings& old = *config_.main;
  const auto note = [this](std::string_view name) {
    say(Level::warning,
        fmt::format("ignoring {} change; to change {}, stop and start", name, name));
  };
  if (fresh.inet_interfaces != old.inet_interfaces) note("inet_interfaces");
  if (fresh.queue_directory != old.queue_directory) note("queue_directory");
  if (fresh.enable_long_queue_ids != old.enable_long_queue_ids) note("enable_long_queue_ids");
  if (fresh.smtp_bind_address != old.smtp_bind_address) note("smtp_bind_address");
  if (fresh.maillog_file != old.maillog_file) note("maillog_file");
}

void Server::reload_service(const config::Service& service) {
  const auto front = fronts_.find(service.canonical);
  if (front == fronts_.end()) {
    const Result<void> opened = open_front(service);
    if (!opened)
      return say(Level::error,
                 fmt::format("reload: service {}: {}", service.name, opened.error().text()));
    fronts_[service.canonical]->start();
    return;
  }
  Result<session::GenerationPtr> generation =
      open_generation(service, programs_, log_, Missing::is_an_error);
  if (generation) return front->second->reload(std::move(*generation));
  say(Level::error, fmt::format("reload: service {}: {}; its old settings and tables stay in force",
                                service.name, generation.error().text()));
}

void Server::retire_vanished(const config::Config& fresh) {
  for (auto entry = fronts_.begin(); entry != fronts_.end();) {
    bool found = false;
    for (const config::Service& service : fresh.services)
      found = found || (is_smtp_service(service) && service.canonical == entry->first);
    if (found) {
      ++entry;
      continue;
    }
    entry->second->drain();
    retired_.push_back(std::move(entry->second));
    entry = fronts_.erase(entry);
  }
}

}  // namespace headgate::cli
