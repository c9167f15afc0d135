// Server: the whole house in one process: spool, queue manager, deliverer, and a Front a service, on one loop, with
// threads for the disk and for names. Each part sees only the interfaces it would see across processes.
//   Lifetime  borrows log, env and programs.         Threads  run() is the loop; everything happens there.
//   Errors    open() says what keeps it from starting: Code::unavailable a port or the spool is taken, otherwise the
//             disk's or the configuration's trouble. Nothing is served before open() has succeeded as a whole.
//   Source    master(8); smtpd.md §1.4 (life cycle, reload); docs/house.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "engine/rules/program_source.h"
#include "smtpd/config/load.h"
#include "smtpd/deliver/connector.h"
#include "smtpd/deliver/worker.h"
#include "smtpd/net/peer_name.h"
#include "smtpd/net/resolver.h"
#include "smtpd/queue/manager.h"
#include "smtpd/queue/spool.h"
#include "smtpd/session/asio_loop.h"
#include "smtpd/session/front.h"

namespace headgate::cli {

class Server {
 public:
  // `load` reads the configuration again, for a reload.
  Server(config::Config config, std::function<Result<config::Config>()> load,
         rules::ProgramSource& programs, EventSink& log, Env& env);
  ~Server();

  Result<void> open();
  [[nodiscard]] std::vector<net::Endpoint> listening_on() const;

  // Until SIGTERM or SIGINT has drained it. `reopen_log` is called at SIGUSR1, `ready` when clients are accepted.
  void run(const std::function<void()>& reopen_log, const std::function<void()>& ready);

 private:
  class WakeQueue;

  Result<void> open_queue();
  Result<void> open_front(const config::Service& service);
  Task<void> watch_signals(std::function<void()> reopen_log);
  Task<void> run_queue();
  Task<void> stop();
  Task<void> stop_queue();
  void reload();
  void reload_service(const config::Service& service);
  void retire_vanished(const config::Config& fresh);
  void warn_of_ignored(const config::Settings& fresh);
  [[nodiscard]] bool sessions_over() const;
  void say(Level level, std::string text);

  config::Config config_;
  std::function<Result<config::Config>()> load_;
  rules::ProgramSource& programs_;
  EventSink& log_;
  Env& env_;

  aio::io_context io_{1};
  aio::thread_pool disk_{4}, name_threads_{4};
  aio::signal_set signals_;
  std::unique_ptr<queue::DiskSpool> spool_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<deliver::TcpConnector> connector_;
  std::unique_ptr<deliver::Worker> worker_;
  std::unique_ptr<queue::Manager> manager_;
  std::unique_ptr<WakeQueue> door_;
  session::AsioLoop loop_;
  net::PeerNames names_;
  session::ClientLimits limits_;
  std::unique_ptr<session::Services> services_;
  std::map<std::string, std::unique_ptr<session::Front>> fronts_;  // by canonical name
  std::vector<std::unique_ptr<session::Front>> retired_;  // a reload took them out of master.cf
  bool queue_done_ = false, stopping_ = false, hurry_ = false;
};

}  // namespace headgate::cli
