// How it works: global options may stand before or after the subcommand's name, so they are taken
// out of the whole line first; "--" ends them, and what follows -q is left alone because a lookup
// key may look like an option. Tested by tests/smtpd/cli/commands_test.cc.
#include <array>
#include <cstdlib>
#include <ostream>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/base/version.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {

namespace {

// A row a subcommand, in the order of `headgate help`. A subcommand joins by its row and its file
// in CMakeLists.txt.
constexpr auto kCommands = std::to_array<Command>({
    {"serve", "serve [--one-process] [--port-file FILE] [--ready-fd N]",
     "the server, in the foreground", run_serve},
    {"check", "check", "examine the configuration and every table it names", run_check},
    {"config", "config [-n|-d] [-x] [-f] [-h|-H] [-M|-P|-F] [--origin] [--stress] [NAME...]",
     "show parameters and services, as postconf does", run_config},
    {"map", "map -q KEY|- [-bfhmuU] [--confirm-only] TYPE:NAME...",
     "look keys up in tables, as postmap -q does", run_map},
    {"match",
     "match [--header-checks TABLE] [--body-checks TABLE] [--emergency] [--output DIR] MESSAGE...",
     "the content checks over messages, mboxes, Maildirs; no server needed", run_match},
    {"explain", "explain TABLE [-h|-b] [TEXT]",
     "why this text gets this answer from a pcre: or regexp: table", run_explain},
    {"compile",
     "compile [--explain] [--tune CORPUS [-h|-b] [--seed N] [--runs N] [--limit SECONDS]] [--all] "
     "[TABLE...]",
     "build the images of tables, tuned to a corpus if wanted, and say how each pattern is "
     "answered",
     run_compile},
    {"lint",
     "lint TABLE... [--corpus PATH [-h|-b]] [--level LEVEL] [--fail-on LEVEL] [--sarif] [--all] "
     "[--baseline FILE] [--write-baseline FILE]",
     "what is wrong with tables, and what to write instead", run_lint},
    {"migrate",
     "migrate TABLE [--to pcre] [--group] [-o FILE] [--corpus PATH [-h|-b] [--limit SECONDS]] | "
     "migrate DIRECTORY --to DIR [--to-pcre-like] [--force]",
     "tables for pcre:, grouped or as cdb:, or a whole Postfix configuration, with a report",
     run_migrate},
    {"bench",
     "bench TABLE... --corpus PATH [-h] [-b] [--report FILE.html] [--json FILE] [--seed N] [--runs "
     "N] "
     "[--limit SECONDS] [--engines LIST]",
     "check tables against a corpus: throughput beside other engines, cost and hits per rule",
     run_bench},
    {"status", "status [--rules] [--top]",
     "the running server: services, tables, and with --rules how often each rule won", run_status},
    {"stress", "stress status|on|off|auto [SERVICE]",
     "the dial of the running server: what it says, and by hand", run_stress},
    {"doctor", "doctor", "the libraries that decide, and whether they tell the truth here",
     run_doctor},
});

constexpr std::string_view kGlobalHelp =
    "Everywhere:\n"
    "  -c DIR         the configuration directory (default: MAIL_CONFIG, else the embedded "
    "configuration)\n"
    "  -o NAME=VALUE  override a main.cf parameter; may be repeated\n"
    "  -v             say more; may be repeated\n"
    "  --json         print facts as JSON, where the subcommand has them\n";

// What the whole command line says, before a subcommand looks at it.
struct Line {
  std::string subcommand;
  std::vector<std::string> arguments;
  std::string config_directory;
  std::vector<std::pair<std::string, std::string>> overrides;
  int verbose = 0;
  bool json = false, help = false, version = false;
  std::string error;
};

class LineParser {
 public:
  explicit LineParser(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

  Line parse() {
    while (next_ < arguments_.size() && line_.error.empty()) take(arguments_[next_++]);
    return std::move(line_);
  }

 private:
  void take(const std::string& argument) {
    if (argument == "--") return keep_the_rest();
    if (argument == "--help") {
      line_.help = true;
    } else if (argument == "--json" && line_.subcommand != "bench") {  // there it names a file
      line_.json = true;
    } else if (argument == "--version" && line_.subcommand.empty()) {
      line_.version = true;
    } else if (argument.size() > 1 && argument[0] == '-' &&
               argument.find_first_not_of('v', 1) == std::string::npos) {
      line_.verbose += static_cast<int>(argument.size()) - 1;
    } else if (argument.starts_with("-c")) {
      line_.config_directory = value_of(argument);
    } else if (argument.starts_with("-o") && line_.subcommand != "migrate") {  // there a file
      override_with(value_of(argument));
    } else if (line_.subcommand.empty()) {
      if (argument.starts_with("-")) line_.error = fmt::format("unknown option: {}", argument);
      line_.subcommand = argument;
    } else {
      line_.arguments.push_back(argument);
      if (argument == "-q" && next_ < arguments_.size())
        line_.arguments.push_back(arguments_[next_++]);
    }
  }

  void keep_the_rest() {
    line_.arguments.emplace_back("--");
    for (; next_ < arguments_.size(); ++next_) line_.arguments.push_back(arguments_[next_]);
  }

  // "-c DIR" or "-cDIR".
  std::string value_of(const std::string& argument) {
    if (argument.size() > 2) return argument.substr(2);
    if (next_ < arguments_.size()) return arguments_[next_++];
    line_.error = fmt::format("option requires an argument: {}", argument);
    return {};
  }

  void override_with(std::string_view setting) {
    if (!line_.error.empty()) return;
    const auto equals = setting.find('=');
    const auto name = text::trim(setting.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
      line_.error = fmt::format("-o wants name=value: \"{}\"", setting);
      return;
    }
    line_.overrides.emplace_back(name, text::trim(setting.substr(equals + 1)));
  }

  std::vector<std::string> arguments_;
  std::size_t next_ = 0;
  Line line_;
};

// What MASTER starts: in no help.
constexpr Command kRole{"role", "role NAME", "", run_role};

const Command* find(std::string_view name) {
  if (name == kRole.name) return &kRole;
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

void print_overview(std::ostream& out) {
  out << "headgate: a content-check engine and a stress-adaptive SMTP server, configured as "
         "Postfix is\n\n"
         "usage: headgate SUBCOMMAND [OPTION...] [ARGUMENT...]\n\n";
  for (const Command& command : kCommands)
    out << fmt::format("  {:<10} {}\n", command.name, command.summary);
  out << "  help       this text; `headgate SUBCOMMAND --help` for one subcommand\n\n"
      << kGlobalHelp;
}

void print_help(std::ostream& out, const Command& command) {
  out << fmt::format("usage: headgate {}\n{}\n\n{}", command.synopsis, command.summary,
                     kGlobalHelp);
}

int usage(std::ostream& err, std::string_view text) {
  err << fmt::format("headgate: fatal: {}\nheadgate: try `headgate help`\n", text);
  return kExitUsage;
}

int help(const Line& line, std::ostream& out, std::ostream& err) {
  if (line.arguments.empty()) {
    print_overview(out);
    return kExitOk;
  }
  const Command* topic = find(line.arguments.front());
  if (topic == nullptr)
    return usage(err, fmt::format("unknown subcommand: {}", line.arguments.front()));
  print_help(out, *topic);
  return kExitOk;
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

int run(std::vector<std::string> arguments, rules::ProgramSource& programs, std::istream& in,
        std::ostream& out, std::ostream& err, rules::Linter* linter, rules::Migrator* migrator) {
  Line line = LineParser(std::move(arguments)).parse();
  if (!line.error.empty()) return usage(err, line.error);
  if (line.version) {
    out << "headgate " << kVersion << "\n";
    return kExitOk;
  }
  if (line.subcommand == "help" || (line.help && line.subcommand.empty()))
    return help(line, out, err);
  if (line.subcommand.empty()) return usage(err, "no subcommand");
  const Command* command = find(line.subcommand);
  if (command == nullptr) return usage(err, fmt::format("unknown subcommand: {}", line.subcommand));
  if (line.help) {
    print_help(out, *command);
    return kExitOk;
  }
  if (line.config_directory.empty()) {
    if (const char* directory = std::getenv("MAIL_CONFIG")) line.config_directory = directory;
  }
  Invocation invocation{std::move(line.arguments),
                        std::move(line.config_directory),
                        std::move(line.overrides),
                        line.verbose,
                        line.json,
                        programs,
                        in,
                        out,
                        err,
                        linter,
                        migrator};
  return command->run(invocation);
}

int fatal(Invocation& invocation, int code, std::string_view text) {
  invocation.err << "headgate: fatal: " << text << '\n';
  return code;
}

void warning(Invocation& invocation, std::string_view text) {
  invocation.err << "headgate: warning: " << text << '\n';
}

}  // namespace headgate::cli
