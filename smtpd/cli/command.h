// Command: a subcommand of headgate; Invocation: what it was called with. One table in commands.cc feeds dispatch,
// `headgate help` and the man page.
//   Errors    exit codes are sysexits, as docs/cli.md lists them; `map -q` alone is 0 found, 1 not found.
//   Threads   a command runs on the main thread.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/rules/linter.h"
#include "engine/rules/migrator.h"
#include "engine/rules/program_source.h"

namespace headgate::cli {

enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 64,
  kExitBadTable = 65,
  kExitNoInput = 66,
  kExitUnavailable = 69,
  kExitSoftware = 70,
  kExitIo = 74,
  kExitTryLater = 75,
  kExitNoPermission = 77,
  kExitBadConfiguration = 78,
};

struct Invocation {
  std::vector<std::string> arguments;  // after the subcommand's name, global options taken out
  std::string config_directory;        // -c DIR or MAIL_CONFIG; "" = none given
  std::vector<std::pair<std::string, std::string>> overrides;  // -o name=value
  int verbose = 0;
  bool json = false;
  rules::ProgramSource& programs;  // borrowed from main(), the composition root
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  rules::Linter* linter = nullptr;      // likewise; null: `lint` is not to be had
  rules::Migrator* migrator = nullptr;  // likewise; null: `migrate` is not to be had
};

struct Command {
  std::string_view name;
  std::string_view synopsis;  // "map -q KEY|- [-h|-b|-hb] [-m] TYPE:NAME"
  std::string_view summary;   // one line
  int (*run)(Invocation&);
};

std::span<const Command> commands();

// Global options, the table, the subcommand. `arguments` without argv[0].
int run(std::vector<std::string> arguments, rules::ProgramSource& programs, std::istream& in,
        std::ostream& out, std::ostream& err, rules::Linter* linter = nullptr,
        rules::Migrator* migrator = nullptr);

int run_serve(Invocation&);    // serve.cc
int run_check(Invocation&);    // check.cc
int run_config(Invocation&);   // config.cc
int run_map(Invocation&);      // map.cc
int run_match(Invocation&);    // match.cc
int run_diff(Invocation&);     // diff.cc
int run_explain(Invocation&);  // explain.cc
int run_compile(Invocation&);  // compile.cc
int run_lint(Invocation&);     // lint.cc
int run_migrate(Invocation&);  // migrate.cc
int run_bench(Invocation&);    // bench.cc
int run_doctor(Invocation&);   // doctor.cc
int run_status(Invocation&);   // status.cc
int run_stress(Invocation&);   // stress.cc
int run_role(Invocation&);     // role.cc; MASTER's, not in the table

// "headgate: fatal: TEXT" on err; returns `code`.
int fatal(Invocation& invocation, int code, std::string_view text);
void warning(Invocation& invocation, std::string_view text);

}  // namespace headgate::cli
