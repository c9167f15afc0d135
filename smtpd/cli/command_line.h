// parse_command_line: a subcommand's arguments through its CLI11 description. Nothing: go on. Else the exit code: --help was
// answered, or what is wrong was said.
//   Threads   the caller's.
#pragma once

#include <optional>

#include "smtpd/cli/command.h"

namespace CLI {
class App;
}

namespace headgate::cli {

std::optional<int> parse_command_line(CLI::App& app, Invocation& invocation);

}  // namespace headgate::cli
