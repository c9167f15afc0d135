// `headgate role NAME`: what MASTER starts; not for people. `headgate role handover VERSION` tells a MASTER that wants to
// become this program whether it would be understood, and whether it could start with the files as they are. Tested by tests/e2e/roles_test.py.
#include "smtpd/cli/role.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "engine/base/text.h"
#include "smtpd/cli/command.h"
#include "smtpd/cli/images.h"
#include "smtpd/cli/remote_builds.h"
#include "smtpd/cli/table_store.h"
#include "smtpd/master/handover.h"

namespace headgate::cli {

namespace {

// Who serves is stopped by MASTER's orders: Ctrl-C and a service manager's signals reach the whole group.
void ignore_signals() {
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2})
    std::signal(signal, SIG_IGN);
}

[[noreturn]] void run(RoleHouse& house) {
  switch (house.begin.role) {
    case master::Role::front:
      run_front(house);
    case master::Role::queue:
      run_queue(house);
    case master::Role::deliver:
      run_deliver(house);
    case master::Role::builder:
      run_builder(house);
  }
  ::_exit(kExitSoftware);
}

}  // namespace

void RoleHouse::confine() {
  missing_ = master::confine(master::rights_of(begin.role), places_of(config), begin.changes_user);
}

void RoleHouse::settle() {
  const Result<void> settled =
      master::settle(master::rights_of(begin.role), user_of(begin), master, missing_);
  if (!settled) link.fail(settled.error());
  warn_of_missing(begin, missing_, log);
  link.settled();
}

// The pattern's table is read with the rights of the user, not with root's.
void run_builder(RoleHouse& house) {
  const auto task = parse_build_task(house.begin.task);
  if (!task) house.link.fail({Code::bug, "no task for a builder", ""});
  house.confine();
  house.settle();
  house.programs.configure(image_settings(*house.config.main));
  const std::atomic<bool> cancelled = false;  // MASTER ends the process
  const Result<void> built = house.programs.build(task->first, task->second, cancelled);
  if (!built) house.link.fail({built.error().code, reason_of(built.error(), task->second), ""});
  house.link.report(master::Report::ready);
  house.link.end(kExitOk);
}

namespace {

// What run_serve() does before it takes over, and where it would end: here that costs nothing.
Result<void> rehearse(const Invocation& invocation) {
  TRY(config, config::load({invocation.config_directory, invocation.overrides}));
  TRY_OK(master::find_user(config.main->mail_owner));
  const SystemEnv env;
  TRY_OK(Logs::open_plain(*config.main, env));
  return {};
}

int try_handover(Invocation& invocation, const std::string& version) {
  if (version != master::Handover::version_text())
    return fatal(invocation, kExitUnavailable, "it does not understand this version's handover");
  const Result<void> rehearsed = rehearse(invocation);
  if (!rehearsed) return fatal(invocation, kExitBadConfiguration, rehearsed.error().text());
  return kExitOk;
}

}  // namespace

int run_role(Invocation& invocation) {
  const std::vector<std::string>& arguments = invocation.arguments;
  if (arguments.size() == 2 && arguments[0] == "handover")
    return try_handover(invocation, arguments[1]);
  const pid_t master = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // as child.cc has set it; an exec may have forgotten it
  ignore_signals();
  Result<master::Begin> begin = receive_begin();
  if (!begin) return fatal(invocation, kExitUsage, begin.error().text());
  Result<config::Config> config = config::load({begin->directory, begin->overrides});
  SystemEnv env;
  const config::Settings defaults;
  Logs logs = Logs::over(config ? *config->main : defaults, env, std::move(begin->descriptors.log),
                         std::move(begin->descriptors.json_log));
  RoleLink link(logs);
  if (!config) link.fail(config.error());
  RoleHouse house(master, std::move(*begin), std::move(*config), invocation.programs, logs.sink(),
                  env, link);
  run(house);
}

}  // namespace headgate::cli
