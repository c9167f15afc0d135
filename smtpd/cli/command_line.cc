// CLI11 reports by exceptions; they end here. Tested through the commands that use it.
#include "smtpd/cli/command_line.h"

#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace headgate::cli {

std::optional<int> parse_command_line(CLI::App& app, Invocation& invocation) {
  std::vector<std::string> reversed(invocation.arguments.rbegin(), invocation.arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    invocation.out << app.help();
    return static_cast<int>(kExitOk);
  } catch (const CLI::ParseError& error) {
    return fatal(invocation, kExitUsage, error.what());
  }
  return std::nullopt;
}

}  // namespace headgate::cli
