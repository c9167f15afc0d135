// Start: everything is opened before the first client is accepted, so that a bad port, a locked spool or an unreadable
// configuration is a clear fatal and not a half-running server.
// Stop: no new clients; sessions end at the end of their command or message, within kDrainLimit; then the queue, whose
// deliveries under way end first, within kDrainLimit again. A second signal cuts both. What is not over kCutLimit after a
// cut waits for a content check that does not end (regexec knows no limit): it is left behind, nothing of it was
// acknowledged. Nor is a table waited for that is being read: each dear pattern of it is tried for seconds.
// Tested by tests/e2e/lifecycle_test.py.
#include "smtpd/cli/server.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "engine/base/version.h"
#include "smtpd/cli/generation.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/local_queue.h"
#include "smtpd/net/blocking.h"

namespace headgate::cli {
namespace {

constexpr std::chrono::seconds kNamePatience{10};
constexpr std::chrono::seconds kDrainLimit{30};
constexpr std::chrono::seconds kCutLimit{5};
constexpr std::chrono::milliseconds kDrainStep{20};

}  // namespace

Server::Server(config::Config config, std::function<Result<config::Config>()> load,
               rules::ProgramSource& programs, EventSink& log, Env& env,
               std::optional<FrontLinks> links)
    : config_(std::move(config)),
      links_(std::move(links)),
      log_(log),
      env_(env),
      tables_(programs, env, [this](const std::string& name) { reports_.repeat(name); }),
      reports_(log),
      started_(env.steady()),
      started_with_(config_.main),
      tls_(std::make_shared<TlsContexts>(env)),
      signals_(io_),
      loop_(io_.get_executor(), intake_disk_),
      names_(name_threads_, kNamePatience),
      stress_(io_, env, log),
      renewal_(std::make_unique<Renewal>(io_, static_cast<Renewal::House&>(*this), std::move(load),
                                         tables_, reports_, log, env)) {}

Server::~Server() {
  renewal_.reset();
  disk_.join();
  intake_disk_.join();
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
  stress_.use(config_.main);
  if (links_) {
    reports_.put_in_force(links_->errors);
    reports_.when_taken([this] { links_->errors_changed(reports_.in_force()); });
    TRY_OK(open_door());
  } else {
    TRY_OK(open_queue());
  }
  TRY_OK(open_services());
  if (running_.empty())
    return fail(Code::invalid, "no smtpd service of type inet in master.cf: nothing to serve");
  open_control();
  reports_.taken();
  return {};
}

// In a reload all that is wrong is told, not only what comes first.
Result<void> Server::open_services() {
  const bool is_reload = links_ && links_->is_reload;
  const Missing missing = is_reload ? Missing::is_an_error : Missing::fails_each_lookup;
  std::string problems;
  for (const config::Service& service : config_.services) {
    if (is_smtp_service(service)) {
      auto generations =
          open_generations(service, loops_->sessions().size(), tables_, reports_, missing, *tls_);
      if (!generations && is_reload) {
        problems += fmt::format("{}service {}: {}", problems.empty() ? "" : "\n", service.name,
                                generations.error().text());
        continue;
      }
      if (!generations) return tl::unexpected(std::move(generations.error()));
      Endpoints endpoints;
      if (!links_) {
        TRY(wanted, service_endpoints(service));
        endpoints = std::move(wanted);
      }
      TRY(front, open_front(*generations, endpoints));
      if (links_) TRY_OK(front->adopt(std::move(links_->listeners[service.canonical])));
      running_[service.canonical] = {service, std::move(front)};
    } else if (!links_ && !is_known_service(service)) {
      say(Level::warning,
          fmt::format("service {}/{} runs \"{}\", which this server does not have: not started",
                      service.name, service.type, service.command));
    }
  }
  if (!problems.empty()) return fail(Code::invalid, problems);
  return {};
}

// Mail is served without it, too.
void Server::open_control() {
  const auto ask = [this](std::string request) { return answer(std::move(request)); };
  if (links_ && !links_->control.valid()) return;
  Result<std::unique_ptr<ControlSocket>> control =
      links_ ? ControlSocket::adopt(io_, std::move(links_->control), ask)
             : ControlSocket::open(io_, control_path(config_.main->queue_directory), ask);
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
  std::string error;  // at the start no reason to stop: its mail waits
  const auto is_new = [&](Program program, const Diagnostic& diagnostic) {
    return reports_.first({program, OpeningReports::kDelivery}, diagnostic, error);
  };
  worker_ = std::make_unique<deliver::Worker>(disk_, config_.main, tables_, *resolver_, *connector_,
                                              log_, env_, transports(config_), is_new);
  manager_ = std::make_unique<queue::Manager>(io_.get_executor(), disk_, *spool_, config_.main,
                                              *worker_, log_, env_);
  door_ = std::make_unique<LocalQueue>(io_.get_executor(), intake_disk_, *spool_, *manager_);
  services_ =
      std::make_unique<session::Services>(*spool_, *door_, loop_, env_, log_, stress_.house());
  loops_ = std::make_unique<EventLoops>(io_.get_executor(), *services_, 0, intake_disk_, nullptr);
  return {};
}

Result<std::unique_ptr<session::Front>> Server::open_front(const session::Generations& generations,
                                                           const Endpoints& endpoints) {
  auto front = std::make_unique<session::Front>(loops_->sessions(), generations, names_);
  TRY_OK(front->listen(endpoints));
  return front;
}

std::vector<net::Endpoint> Server::listening_on() const {
  std::vector<net::Endpoint> all;
  for (const auto& [name, running] : running_) {
    for (net::Endpoint& endpoint : running.front->listening_on())
      all.push_back(std::move(endpoint));
  }
  return all;
}

bool Server::run(const std::function<void()>& reopen_log, const std::function<void()>& ready) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) signals_.add(signal);
  aio::co_spawn(io_, watch_signals(reopen_log), aio::detached);
  aio::co_spawn(io_, run_queue(), aio::detached);
  for (const auto& [name, running] : running_) running.front->start();
  say(Level::info, fmt::format("daemon started -- version {}, configuration {}", kVersion,
                               config_.embedded ? "embedded" : config_.directory));
  stress_.start([this] { each_second(); });
  renewal_->start(config_.main->check_table_poll_interval);
  if (control_) control_->start();
  ready();
  io_.run();
  return !stuck_;
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
  co_await end_sessions();
  co_await stop_queue();
  co_await stop_renewal();
  signals_.cancel();
  warn_of_the_left();
  say(Level::info, "terminated");
  if (stuck_) io_.stop();
}

Task<void> Server::end_sessions() {
  renewal_->stop();
  if (control_) control_->close();
  for (const auto& [name, running] : running_) running.front->drain();
  const SteadyTime cut_at = env_.steady() + kDrainLimit;
  std::optional<SteadyTime> leave_at;
  while (!sessions_over() && !past(leave_at)) {
    co_await loop_.pause(kDrainStep);
    if (leave_at || (!hurry_ && env_.steady() < cut_at)) continue;
    cut();
    leave_at = env_.steady() + kCutLimit;
  }
  stress_.stop();
}

void Server::warn_of_the_left() {
  if (!sessions_over() || !queue_done_) {
    stuck_ = true;
    say(Level::warning,
        "terminating: leaving content checks that do not end; their messages stay with the client "
        "or in the queue");
  }
  if (renewal_->busy()) {
    stuck_ = true;
    say(Level::warning,
        "terminating: leaving a table that is still being read or its patterns tried; the next "
        "start reads it again");
  }
}

bool Server::past(const std::optional<SteadyTime>& time) const {
  return time && env_.steady() >= *time;
}

// A next hop that says nothing holds a delivery for minutes; cut off, its message waits in the queue for the next start.
Task<void> Server::stop_queue() {
  manager_->stop();
  const SteadyTime cut_at = env_.steady() + kDrainLimit;
  std::optional<SteadyTime> leave_at;
  while (!queue_done_ && !past(leave_at)) {
    co_await loop_.pause(kDrainStep);
    if (queue_done_ || leave_at || (!hurry_ && env_.steady() < cut_at)) continue;
    leave_at = env_.steady() + kCutLimit;
    say(Level::info,
        "terminating: deliveries under way are cut off, their mail stays in the queue");
    connector_->cut();
  }
}

Task<void> Server::stop_renewal() {
  const SteadyTime leave_at = env_.steady() + kCutLimit;
  while (renewal_->busy() && env_.steady() < leave_at) co_await loop_.pause(kDrainStep);
}

InForce Server::in_force() const {
  InForce now;
  now.main = config_.main;
  now.tls = tls_;
  now.delivers = now.listens = !links_;
  now.loops = loops_->sessions().size();
  for (const auto& [name, running] : running_) now.services.push_back(running.service);
  return now;
}

// Each service looks at the signals; `ps` shows what has come of it. The spool lets go of files that nobody needed lately.
void Server::each_second() {
  std::vector<TitledService> titled;
  for (const auto& [name, running] : running_) running.front->settle();
  for (const auto& [name, running] : running_)
    titled.push_back({running.service.name, running.service.type, running.service.stress_eligible,
                      running.front->stressed() || running.service.calm->stress});
  title_.set(process_title(titled));
  aio::post(intake_disk_, [this] { static_cast<void>(spool_->trim()); });
}

ServerStatus Server::status() {
  ServerStatus status;
  status.version = kVersion;
  status.pid = getpid();
  status.uptime_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(env_.steady() - started_).count();
  if (links_) {
    describe_roles(status);
  } else {
    status.queue_waiting = static_cast<std::int64_t>(manager_->waiting());
    status.queue_active = static_cast<std::int64_t>(manager_->active());
  }
  for (const auto& [name, running] : running_) {
    status.services.push_back(service_info(*running.front, env_, stress_.house()));
  }
  for (std::size_t i = 0; i < loops_->sessions().size(); ++i)
    status.loops.push_back(loops_->sessions().sessions(i));
  status.house = house_info(stress_.house());
  return status;
}

// What takes long, summing up the rules and writing it down, is done off the loop.
Task<std::string> Server::answer(std::string request) {
  if (request.starts_with("stress ")) {
    std::vector<session::Front*> fronts;
    for (const auto& [name, running] : running_) fronts.push_back(running.front.get());
    co_return answer_stress(request, fronts);
  }
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
