// Master: the MASTER role. Keeps the ports and the channels between the roles, starts FRONT, QUEUE and DELIVER, starts them
// again when they end, and passes on what an operator wants. It reads main.cf and master.cf; no mail and no table.
//   Life      open(): ports, channels, spool. run(): starts the roles, returns when a stop has ended, or when they could not
//             be started. A reload is a new generation: a new FRONT and DELIVER with the same sockets; when both have
//             opened everything the old ones take nothing new and end with their work, QUEUE reads its settings in place.
//             An upgrade is exec of the new program with all descriptors and children, and then such a generation.
//   Lifetime  borrows log and env.        Threads  one, and no others: it forks.
//   Errors    open(), run(): why nothing is served. A reload that cannot be is logged, and all stays as it was.
//   Source    master(8), postfix(1); smtpd.md §1.4; docs/roles.md.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "smtpd/config/load.h"
#include "smtpd/master/child.h"
#include "smtpd/master/notify.h"
#include "smtpd/master/page.h"
#include "smtpd/master/ports.h"
#include "smtpd/master/privileges.h"
#include "smtpd/master/restart_plan.h"

namespace headgate::master {

struct MasterOptions {
  config::LoadOptions wish;  // what the roles load, too
  std::function<Result<config::Config>()> load;
  Fd lock;                           // of the spool: MASTER's, as long as it lives
  Fd control;                        // the listening socket of `headgate status`; invalid: none
  std::vector<std::string> command;  // how an upgrade starts the new program: argv
  std::function<void()> ready;       // clients are accepted
  std::function<Result<void>()> reopen_log;
  std::function<std::pair<int, int>()> log_descriptors;  // mail log, JSON log; -1: no file
};

class Master {
 public:
  Master(config::Config config, MasterOptions options, EventSink& log, Env& env);
  ~Master();

  Result<void> open();

  [[nodiscard]] std::vector<net::Endpoint> listening_on() const { return ports_.listening_on(); }

  Result<void> run();

 private:
  friend class Handover;

  // The descriptors of a door, both ends of which MASTER keeps, so that it outlives who uses it.
  struct Door {
    Fd out, in;  // sending, receiving
  };

  // A builder at work, and who wants to know.
  struct Build {
    ChildPtr builder, wanted_by;
    std::uint64_t number = 0;
  };

  // master.cc: children
  Task<void> begin();
  Result<ChildPtr> launch(Role role, bool is_reload, std::string task = {});
  Result<Begin> describe(Role role, bool is_reload) const;
  Task<void> listen(ChildPtr child);
  void hear(const ChildPtr& child, const Message& message, std::vector<Fd> descriptors);
  Task<bool> until_ready(ChildPtr child, bool gives_way = false);
  void install(const ChildPtr& child, Fd state);
  void retire(const ChildPtr& child);
  void reap();
  void on_end(const ChildPtr& child, int status);
  Task<void> revive(Role role);
  Task<void> pause(std::chrono::milliseconds time);
  void order(const ChildPtr& child, Order what, std::string text = {}, std::uint64_t number = 0,
             const Fd& descriptor = {});
  void kill(const ChildPtr& child);

  [[nodiscard]] ChildPtr& current(Role role) { return current_[static_cast<std::size_t>(role)]; }

  [[nodiscard]] std::vector<ChildPtr> all_of(Role role) const;
  void note_in_page(const Child& child);
  void say(Level level, std::string text);
  void warn_of_unknown_services();

  // master_builders.cc
  void start_build(const ChildPtr& child, const Message& wish);
  void end_build(const ChildPtr& builder, const std::string& result);

  // master_orders.cc: what the operator wants
  Task<void> watch_signals();
  Task<void> watch_dog();
  void reopen_log();
  void catch_up();
  Task<void> reload();
  Task<void> end_reviving();
  Task<bool> reload_once();
  Task<bool> bring_up();
  std::string who_has_ended(const std::vector<ChildPtr>& children);
  Task<Fd> replace(Role role);
  void refuse(const std::string& why);
  void warn_of_ignored(const config::Settings& fresh);
  Task<void> stop();
  Task<bool> until_gone(Role role, std::chrono::seconds limit);
  Task<void> stop_queue();
  void leave_the_starting();

  // master_upgrade.cc: the old program's half and the new one's
  Task<void> upgrade();
  Task<void> take_over();
  Task<void> end_queue();
  void stay(const Error& why);

  config::Config config_;
  MasterOptions options_;
  EventSink& log_;
  Env& env_;
  config::SettingsPtr started_with_;
  aio::io_context io_{1};
  aio::signal_set signals_;
  Notifier notifier_;
  Ports ports_;
  Fd program_, page_memory_;
  MappedPage page_;
  Door wakes_, deliveries_;
  User user_;
  std::string queue_directory_, maillog_file_,
      json_file_;  // as at the first start: what is said later is ignored
  std::uint64_t generation_ = 0;
  std::array<ChildPtr, kStandingRoles> current_;
  std::array<RestartPlan, kStandingRoles> plans_;
  std::array<bool, kStandingRoles> reviving_{};
  std::map<pid_t, ChildPtr> children_;
  std::vector<Build> builds_;
  std::optional<Error> failure_;
  bool started_ = false, stopping_ = false, hurry_ = false, reloading_ = false,
       reload_wanted_ = false, upgrade_wanted_ = false, first_queue_ = true, adopted_ = false;
};

}  // namespace headgate::master
