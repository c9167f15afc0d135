// What a reload changes in a server of one process: new services begin to listen, the others take their new rules, those that
// are gone end with their sessions. Tested by tests/e2e/reload_test.py.
#include <utility>

#include <fmt/format.h>

#include "smtpd/cli/server.h"

namespace headgate::cli {

namespace {

bool share_a_port(const Endpoints& wanted, const session::Front& front) {
  for (const net::Endpoint& bound : front.listening_on()) {
    for (const aio::ip::tcp::endpoint& endpoint : wanted) {
      if (endpoint.port() == bound.port) return true;
    }
  }
  return false;
}

}  // namespace

// Where a service moves ("127.0.0.1:25" becomes "25") the listener that goes is in the way of the one that comes.
Result<std::unique_ptr<session::Front>> Server::open_new_front(
    const PreparedService& prepared, const config::Config& fresh,
    std::set<session::Front*>& silenced) {
  Result<std::unique_ptr<session::Front>> front =
      open_front(*prepared.generations, prepared.endpoints);
  if (front) return front;
  bool again = false;
  for (const auto& [name, running] : running_) {
    if (master::serves(fresh, name) || !share_a_port(prepared.endpoints, *running.front)) continue;
    running.front->stop_listening();
    silenced.insert(running.front.get());
    again = true;
  }
  return again ? open_front(*prepared.generations, prepared.endpoints) : std::move(front);
}

// All of them or none: a port that cannot be had refuses the reload, and who listened before listens again.
bool Server::open_new_fronts(const Prepared& prepared) {
  std::map<std::string, Running> opened;
  std::set<session::Front*> silenced;
  for (const PreparedService& service : prepared.services) {
    if (running_.contains(service.service.canonical)) continue;
    auto front = open_new_front(service, *prepared.config, silenced);
    if (front) {
      opened[service.service.canonical] = {service.service, std::move(*front)};
      continue;
    }
    opened.clear();  // closes what was opened
    for (session::Front* const old : silenced) {
      const Result<void> listens = old->listen_again();
      if (!listens) say(Level::error, fmt::format("reload: {}", listens.error().text()));
    }
    say(Level::error, fmt::format("reload: service {}: {}; the old configuration stays in force",
                                  service.service.name, front.error().text()));
    return false;
  }
  for (auto& [name, running] : opened) {
    running.front->start();
    running_[name] = std::move(running);
  }
  return true;
}

// New sessions, messages and deliveries get the new settings and tables. Messages under way keep theirs.
bool Server::take(Prepared prepared) {
  if (links_) return take_as_front(std::move(prepared));
  if (prepared.config && !open_new_fronts(prepared)) return false;
  for (PreparedService& service : prepared.services) {
    Running& running = running_.at(service.service.canonical);
    running.front->reload(*service.generations);
    running.service = std::move(service.service);
  }
  if (!prepared.config) {
    worker_->use(config_.main, transports(config_), std::move(*prepared.delivery));
    return true;
  }
  config::Config& fresh = *prepared.config;
  tls_ = std::move(prepared.tls);
  retire_vanished(fresh);
  warn_of_ignored(*fresh.main);
  worker_->use(fresh.main, transports(fresh), std::move(*prepared.delivery));
  manager_->use(fresh.main);
  stress_.use(fresh.main);
  config_ = std::move(fresh);
  say(Level::info, "reload: new sessions use the new configuration");
  return true;
}

// What was opened at the start stays as it is, whatever other reloads have said since.
void Server::warn_of_ignored(const config::Settings& fresh) {
  const config::Settings& old = *started_with_;
  const auto note = [this](std::string_view name) {
    say(Level::warning,
        fmt::format("ignoring {} change; to change {}, stop and start", name, name));
  };
  if (fresh.inet_interfaces != old.inet_interfaces) note("inet_interfaces");
  if (fresh.queue_directory != old.queue_directory) note("queue_directory");
  if (fresh.enable_long_queue_ids != old.enable_long_queue_ids) note("enable_long_queue_ids");
  if (fresh.smtp_bind_address != old.smtp_bind_address) note("smtp_bind_address");
  if (fresh.maillog_file != old.maillog_file) note("maillog_file");
  if (fresh.maillog_json_file != old.maillog_json_file) note("maillog_json_file");
  if (fresh.check_image_directory != old.check_image_directory) note("check_image_directory");
  if (fresh.check_compile_time_limit != old.check_compile_time_limit)
    note("check_compile_time_limit");
  if (fresh.check_compile_memory_limit != old.check_compile_memory_limit)
    note("check_compile_memory_limit");
  if (fresh.check_pattern_time_limit != old.check_pattern_time_limit)
    note("check_pattern_time_limit");
}

void Server::retire_vanished(const config::Config& fresh) {
  for (auto entry = running_.begin(); entry != running_.end();) {
    if (master::serves(fresh, entry->first)) {
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

}  // namespace headgate::cli
