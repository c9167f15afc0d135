// How it works: global options may stand before or after the subcommand's name, so they are taken
// out of the whole line first; "--" ends them, and what follows -q is left alone because a lookup
// key may look like an option. `map` has postmap's options, where -o takes no argument and -d a key:
// behind it -o is the global one only before a name=value.
// Tested by tests/smtpd/cli/commands_test.cc.
#include <algorithm>
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
    {"map", "map [-bfFhijmnNoprsuUvw] [-d KEY|-] [-q KEY|-] [--confirm-only] [TYPE:]FILE...",
     "build tables, look keys up (-q), show (-s) or change (-i, -d) what is in them, as postmap "
     "does",
     run_map},
    {"match",
     "match [--header-checks TABLE] [--body-checks TABLE] [--emergency] [--output DIR] MESSAGE...",
     "the content checks over messages, mboxes, Maildirs; no server needed", run_match},
    {"diff",
     "diff OLD NEW --corpus PATH... [-h] [-b] [--emergency] [--ignore-text] [--markdown] [--limit "
     "N]",
     "what two tables, or two configurations, make of the same mail", run_diff},
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
    } else if (argument.starts_with("-o") && line_.subcommand != "migrate" &&  // there a file
               !is_postmaps_o(argument)) {
      override_with(value_of(argument));
    } else if (line_.subcommand.empty()) {
      if (argument.starts_with("-")) line_.error = fmt::format("unknown option: {}", argument);
      line_.subcommand = argument;
    } else {
      line_.arguments.push_back(argument);
      if (wants_value(argument) && next_ < arguments_.size())
        line_.arguments.push_back(arguments_[next_++]);
    }
  }

  [[nodiscard]] bool is_map() const { return line_.subcommand == "map"; }

  // The option's last letter says it: "-q", and for `map` also "-d", "-c" and combined flags ("-hbq -", "-fd KEY").
  [[nodiscard]] bool wants_value(std::string_view argument) const {
    if (!is_map()) return argument == "-q";
    if (argument.size() < 2 || argument[0] != '-' || argument[1] == '-') return false;
    return argument.find_first_of("qdc", 1) == argument.size() - 1;
  }

  // "-o", "-op" of `map`: not "-o name=value" and not "-oname=value".
  [[nodiscard]] bool is_postmaps_o(std::string_view argument) const {
    if (!is_map()) return false;
    if (argument.size() > 2) return !is_setting(argument.substr(2));
    return next_ >= arguments_.size() || !is_setting(arguments_[next_]);
  }

  static bool is_setting(std::string_view text) {
    const auto equals = text.find('=');
    const std::string_view name = text::trim(text.substr(0, equals));
    return equals != std::string_view::npos && !name.empty() &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return text::is_alnum(c) || c == '_'; });
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
  const int code = command->run(invocation);
  if (out.flush()) return code;
  return fatal(invocation, kExitIo, "write to standard output: it did not take all");
}

int fatal(Invocation& invocation, int code, std::string_view text) {
  invocation.err << "headgate: fatal: " << text << '\n';
  return code;
}

void warning(Invocation& invocation, std::string_view text) {
  invocation.err << "headgate: warning: " << text << '\n';
}

}  // namespace headgate::cli
