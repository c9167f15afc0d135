// Server: the whole house in one process: spool, queue manager, deliverer, and a Front a service, on one loop, with
// threads for the disk and for names. Each part sees only the interfaces it would see across processes. With FrontLinks
// it is the FRONT role alone (front_role.h gives it its orders): listeners, control socket and door 2 come from MASTER,
// and sessions have the loops of other cores, too (event_loops.h).
//   Lifetime  borrows log, env and programs.         Threads  run() is the loop; everything but sessions happens there.
//   Errors    open() says what keeps it from starting: Code::unavailable a port or the spool is taken, otherwise the
//             disk's or the configuration's trouble. Nothing is served before open() has succeeded as a whole. A reload
//             is taken as a whole or leaves everything as it was.
//   Source    master(8); smtpd.md §1.4 (life cycle, reload); docs/house.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "engine/rules/program_source.h"
#include "smtpd/cli/control.h"
#include "smtpd/cli/event_loops.h"
#include "smtpd/cli/local_queue.h"
#include "smtpd/cli/process_title.h"
#include "smtpd/cli/remote_queue.h"
#include "smtpd/cli/renewal.h"
#include "smtpd/cli/status_report.h"
#include "smtpd/cli/stress_desk.h"
#include "smtpd/cli/table_store.h"
#include "smtpd/config/load.h"
#include "smtpd/deliver/connector.h"
#include "smtpd/deliver/worker.h"
#include "smtpd/master/page.h"
#include "smtpd/net/peer_name.h"
#include "smtpd/net/resolver.h"
#include "smtpd/queue/manager.h"
#include "smtpd/queue/spool.h"
#include "smtpd/session/asio_loop.h"
#include "smtpd/session/front.h"

namespace headgate::cli {

// What MASTER gives to a FRONT that is a process of its own.
struct FrontLinks {
  FrontLinks() = default;
  FrontLinks(FrontLinks&&) = default;
  FrontLinks& operator=(FrontLinks&&) = default;

  std::map<std::string, std::vector<Fd>> listeners;  // by canonical name
  Fd control;
  Fd wakes;  // the sending end of door 2
  std::function<void()> flush_log;
  master::MappedPage page;
  bool is_reload = false;  // what cannot be opened, and could be before, is an error
  std::string errors;      // of tables, in force before
  std::function<void(const std::string&)> errors_changed;
};

class Server : private Renewal::House {
 public:
  // `load` reads the configuration again, for a reload.
  Server(config::Config config, std::function<Result<config::Config>()> load,
         rules::ProgramSource& programs, EventSink& log, Env& env,
         std::optional<FrontLinks> links = std::nullopt);
  ~Server() override;

  Result<void> open();
  [[nodiscard]] std::vector<net::Endpoint> listening_on() const;

  // Until SIGTERM or SIGINT has drained it. `reopen_log` is called at SIGUSR1, `ready` when clients are accepted.
  // False when content checks or a table's reading that do not end were left behind: then the process must exit without
  // destructors.
  [[nodiscard]] bool run(const std::function<void()>& reopen_log,
                         const std::function<void()>& ready);

  // The FRONT role: the loop, and what MASTER orders. `state` is what the FRONT before has left: front_state.h.
  [[nodiscard]] aio::io_context& loop() { return io_; }

  void serve(Fd state);
  void close_doors();  // no new clients
  [[nodiscard]] Fd hand_over();
  Task<void> retire();  // after close_doors(); returns when the last session has ended by itself
  Task<void> drain();   // the same in a hurry

  void hurry() { hurry_ = true; }

  [[nodiscard]] std::string errors_in_force() const { return reports_.in_force(); }

 private:
  // A service that is served, with the entry of master.cf that is in force for it.
  struct Running {
    config::Service service;
    std::unique_ptr<session::Front> front;
  };

  Result<void> open_services();
  Result<void> open_queue();
  Result<void> open_door();
  void open_control();
  [[nodiscard]] Result<std::unique_ptr<session::Front>> open_front(
      const session::Generations& generations, const Endpoints& endpoints);
  bool open_new_fronts(const Prepared& prepared);
  Result<std::unique_ptr<session::Front>> open_new_front(const PreparedService& prepared,
                                                         const config::Config& fresh,
                                                         std::set<session::Front*>& silenced);
  Task<void> watch_signals(std::function<void()> reopen_log);
  Task<void> run_queue();
  Task<void> stop();
  Task<void> end_sessions();
  void warn_of_the_left();
  Task<void> stop_queue();
  Task<void> stop_renewal();
  [[nodiscard]] InForce in_force() const override;
  bool take(Prepared prepared) override;
  bool take_as_front(Prepared prepared);
  void describe_roles(ServerStatus& status) const;
  Result<void> remember(const Fd& memory);
  void retire_vanished(const config::Config& fresh);
  Task<void> retire(std::shared_ptr<session::Front> front);
  void cut();
  void each_second();
  ServerStatus status();
  Task<std::string> answer(std::string request);
  void warn_of_ignored(const config::Settings& fresh);
  [[nodiscard]] bool sessions_over() const;
  [[nodiscard]] bool past(const std::optional<SteadyTime>& time) const;
  void say(Level level, std::string text);

  ProcessTitle title_;  // first: before there are threads
  config::Config config_;
  std::optional<FrontLinks> links_;
  EventSink& log_;
  Env& env_;
  TableStore tables_;
  OpeningReports reports_;
  SteadyTime started_;
  config::SettingsPtr started_with_;
  std::shared_ptr<TlsContexts> tls_;  // in force

  aio::io_context io_{1};
  // What clients wait for has threads of its own: creating files, commits. As many for several loops as for one: batches
  // shall grow and not multiply.
  aio::thread_pool disk_{4}, intake_disk_{session::AsioLoop::kBatches + LocalQueue::kBatches},
      name_threads_{4};
  aio::signal_set signals_;
  std::unique_ptr<queue::DiskSpool> spool_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<deliver::TcpConnector> connector_;
  std::unique_ptr<deliver::Worker> worker_;
  std::unique_ptr<queue::Manager> manager_;
  std::unique_ptr<CommitDesk> commits_;  // FRONT's
  std::unique_ptr<session::QueueDoor> door_;
  session::AsioLoop loop_;
  net::PeerNames names_;
  StressDesk stress_;
  std::unique_ptr<session::Services> services_;
  std::unique_ptr<EventLoops> loops_;
  std::map<std::string, Running> running_;             // by canonical name
  std::set<std::shared_ptr<session::Front>> retired_;  // a reload took them out of master.cf
  std::unique_ptr<Renewal> renewal_;
  std::unique_ptr<ControlSocket> control_;
  bool queue_done_ = false, stopping_ = false, hurry_ = false, stuck_ = false;
};

}  // namespace headgate::cli
