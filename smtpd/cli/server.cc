// Start: everything is opened before the first client is accepted, so that a bad port, a locked spool or an unreadable
// configuration is a clear fatal and not a half-running server.
// Stop: no new clients; sessions end at the end of their command or message, within kDrainLimit; then the queue, whose
// deliveries under way end first, within kDrainLimit again. A second signal cuts both.
// Tested by tests/e2e/lifecycle_test.py.
#include "smtpd/cli/server.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "engine/base/version.h"
#include "smtpd/cli/generation.h"
#include "smtpd/cli/images.h"
#include "smtpd/net/blocking.h"

namespace headgate::cli {
namespace {

constexpr std::chrono::seconds kNamePatience{10};
constexpr std::chrono::seconds kDrainLimit{30};
constexpr std::chrono::milliseconds kDrainStep{20};

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
      log_(log),
      env_(env),
      tables_(programs, env),
      reports_(log),
      started_(env.steady()),
      signals_(io_),
      loop_(disk_),
      names_(name_threads_, kNamePatience),
      renewal_(std::make_unique<Renewal>(io_, static_cast<Renewal::House&>(*this), std::move(load),
                                         tables_, reports_, log, env)) {}

Server::~Server() {
  renewal_.reset();
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
  tables_.configure(image_settings(*config_.main));
  TRY_OK(open_queue());
  for (const config::Service& service : config_.services) {
    if (is_smtp_service(service)) {
      TRY(generation, open_generation(service, tables_, reports_, Missing::fails_each_lookup));
      TRY(endpoints, service_endpoints(service));
      TRY_OK(open_front(service, generation, endpoints));
    } else if (!is_known_service(service)) {
      say(Level::warning,
          fmt::format("service {}/{} runs \"{}\", which this server does not have: not started",
                      service.name, service.type, service.command));
    }
  }
  if (running_.empty())
    return fail(Code::invalid, "no smtpd service of type inet in master.cf: nothing to serve");
  open_control();
  return {};
}

// Mail is served without it, too.
void Server::open_control() {
  const auto ask = [this](std::string request) { return answer(std::move(request)); };
  Result<std::unique_ptr<ControlSocket>> control =
      ControlSocket::open(io_, control_path(config_.main->queue_directory), ask);
  if (control) {
    control_ = std::move(*control);
  } else {
    say(Level::warning, fmt::format("{}: `headgate status` will not work", control.error().text()));
  }
}

Result<void> Server::open_queue() {
  queue::SpoolOptions options;
  options.long_ids = config_.main->enable_long_queue_ids;
  TRY(spool, queue::open_spool(config_.main->queue_directory, env_, log_, options));
  spool_ = std::move(spool);
  TRY(resolver, net::open_system_resolver());
  resolver_ = std::move(resolver);
  connector_ = std::make_unique<deliver::TcpConnector>(config_.main->smtp_bind_address);
  worker_ = std::make_unique<deliver::Worker>(disk_, config_.main, tables_, *resolver_, *connector_,
                                              log_, env_, transports(config_));
  manager_ = std::make_unique<queue::Manager>(io_.get_executor(), disk_, *spool_, config_.main,
                                              *worker_, log_, env_);
  door_ = std::make_unique<WakeQueue>(*manager_);
  services_ = std::make_unique<session::Services>(*spool_, *door_, loop_, env_, log_);
  return {};
}

Result<void> Server::open_front(const config::Service& service,
                                const session::GenerationPtr& generation,
                                const Endpoints& endpoints) {
  auto front =
      std::make_unique<session::Front>(io_.get_executor(), generation, *services_, names_, limits_);
  TRY_OK(front->listen(endpoints));
  running_[service.canonical] = {service, std::move(front)};
  return {};
}

std::vector<net::Endpoint> Server::listening_on() const {
  std::vector<net::Endpoint> all;
  for (const auto& [name, running] : running_) {
    for (net::Endpoint& endpoint : running.front->listening_on())
      all.push_back(std::move(endpoint));
  }
  return all;
}

void Server::run(const std::function<void()>& reopen_log, const std::function<void()>& ready) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) signals_.add(signal);
  aio::co_spawn(io_, watch_signals(reopen_log), aio::detached);
  aio::co_spawn(io_, run_queue(), aio::detached);
  for (const auto& [name, running] : running_) running.front->start();
  say(Level::info, fmt::format("daemon started -- version {}, configuration {}", kVersion,
                               config_.embedded ? "embedded" : config_.directory));
  renewal_->start(config_.main->check_table_poll_interval);
  if (control_) control_->start();
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
      if (!stopping_) renewal_->reload();
    } else if (stopping_) {
      hurry_ = true;
      cut();
    } else {
      stopping_ = true;
      aio::co_spawn(io_, stop(), aio::detached);
    }
  }
}

void Server::cut() {
  for (const auto& [name, running] : running_) running.front->cut();
  for (const auto& front : retired_) front->cut();
}

bool Server::sessions_over() const {
  for (const auto& [name, running] : running_) {
    if (!running.front->finished()) return false;
  }
  return retired_.empty();
}

Task<void> Server::stop() {
  say(Level::info, "terminating: waiting for sessions and deliveries under way");
  renewal_->stop();
  if (control_) control_->close();
  for (const auto& [name, running] : running_) running.front->drain();
  const SteadyTime cut_at = env_.steady() + kDrainLimit;
  bool is_cut = false;
  while (!sessions_over()) {
    co_await loop_.pause(kDrainStep);
    if (is_cut || env_.steady() < cut_at) continue;
    is_cut = true;
    cut();
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

InForce Server::in_force() const {
  InForce now;
  now.main = config_.main;
  for (const auto& [name, running] : running_) now.services.push_back(running.service);
  return now;
}

// New sessions, messages and deliveries get the new settings and tables; a bad file leaves the old ones in force. Messages
// under way keep theirs.
void Server::take(Prepared prepared) {
  for (PreparedService& service : prepared.services) take_service(std::move(service));
  if (!prepared.config)
    return worker_->use(config_.main, transports(config_), std::move(*prepared.delivery));
  config::Config& fresh = *prepared.config;
  retire_vanished(fresh);
  warn_of_ignored(*fresh.main);
  worker_->use(fresh.main, transports(fresh), std::move(*prepared.delivery));
  manager_->use(fresh.main);
  config_ = std::move(fresh);
  say(Level::info, "reload: new sessions use the new configuration");
}

void Server::take_service(PreparedService prepared) {
  const auto known = running_.find(prepared.service.canonical);
  if (!prepared.generation) {
    const std::string_view stays =
        known == running_.end() ? "" : "; its old settings and tables stay in force";
    return say(Level::error, fmt::format("reload: service {}: {}{}", prepared.service.name,
                                         prepared.generation.error().text(), stays));
  }
  if (known != running_.end()) {
    known->second.front->reload(std::move(*prepared.generation));
    known->second.service = std::move(prepared.service);
    return;
  }
  const Result<void> opened =
      open_front(prepared.service, *prepared.generation, prepared.endpoints);
  if (!opened)
    return say(Level::error,
               fmt::format("reload: service {}: {}", prepared.service.name, opened.error().text()));
  running_[prepared.service.canonical].front->start();
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

void Server::retire_vanished(const config::Config& fresh) {
  for (auto entry = running_.begin(); entry != running_.end();) {
    bool found = false;
    for (const config::Service& service : fresh.services)
      found = found || (is_smtp_service(service) && service.canonical == entry->first);
    if (found) {
      ++entry;
      continue;
    }
    std::shared_ptr<session::Front> front = std::move(entry->second.front);
    entry = running_.erase(entry);
    retired_.insert(front);
    front->drain();
    aio::co_spawn(io_, retire(std::move(front)), aio::detached);
  }
}

// Its sessions end at the end of their messages; then it goes.
Task<void> Server::retire(std::shared_ptr<session::Front> front) {
  co_await front->until_finished();
  retired_.erase(front);
}

ServerStatus Server::status() {
  ServerStatus status;
  status.version = kVersion;
  status.pid = getpid();
  status.uptime_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(env_.steady() - started_).count();
  for (const auto& [name, running] : running_) {
    const stress::Slots& slots = running.front->slots();
    status.services.push_back(
        {running.service.name, name, slots.in_use(), slots.limit(), running.front->stressed()});
  }
  return status;
}

// What takes long, summing up the rules and writing it down, is done off the loop.
Task<std::string> Server::answer(std::string request) {
  if (request != "status" && request != "status rules")
    co_return "{\"error\": \"unknown request\"}\n";
  ServerStatus report = status();
  report.with_rules = request == "status rules";
  auto work = [this, &report] {
    report.tables = tables_.tables();
    return status_json(report);
  };
  co_return co_await net::run_blocking(disk_, work);
}

}  // namespace headgate::cli
