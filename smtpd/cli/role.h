// The roles' main functions: each opens what it needs, gives up its rights, says that it is ready, and obeys MASTER until it
// is told to end. They do not return.
//   Threads   the process's main thread, before there is another.
//   Source    docs/roles.md.
#pragma once

#include "engine/rules/program_source.h"
#include "smtpd/cli/role_link.h"

namespace headgate::cli {

// What every role begins with.
struct RoleHouse {
  RoleHouse(pid_t m, master::Begin b, config::Config c, rules::ProgramSource& p, EventSink& g,
            Env& e, RoleLink& l)
      : master(m),
        begin(std::move(b)),
        config(std::move(c)),
        programs(p),
        log(g),
        env(e),
        link(l) {}

  pid_t master;  // the parent, as seen at the very start
  master::Begin begin;
  config::Config config;
  rules::ProgramSource& programs;
  EventSink& log;
  Env& env;
  RoleLink& link;

  // Before the first thread; then, when everything is open.
  void confine();
  void settle();

 private:
  std::vector<std::string> missing_;
};

[[noreturn]] void run_front(RoleHouse& house);    // front_role.cc
[[noreturn]] void run_queue(RoleHouse& house);    // queue_role.cc
[[noreturn]] void run_deliver(RoleHouse& house);  // deliver_role.cc
[[noreturn]] void run_builder(RoleHouse& house);  // role.cc

}  // namespace headgate::cli
