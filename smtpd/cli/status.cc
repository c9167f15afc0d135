// `headgate status`: asks the running server of this configuration over its control socket.
//   --rules   one row a rule: table, line, hits, bytes, last hit, action; --top: by hits
//   --json    the document as the server gave it
// Tested by tests/e2e/status_test.py.
#include <ostream>

#include <fmt/format.h>

#include "smtpd/cli/command.h"
#include "smtpd/cli/control.h"
#include "smtpd/cli/status_report.h"
#include "smtpd/config/load.h"

namespace headgate::cli {

int run_status(Invocation& invocation) {
  RuleOrder rules = RuleOrder::none;
  for (const std::string& argument : invocation.arguments) {
    if (argument == "--top") {
      rules = RuleOrder::by_hits;
    } else if (argument == "--rules") {
      if (rules == RuleOrder::none) rules = RuleOrder::by_line;
    } else {
      return fatal(invocation, kExitUsage, fmt::format("status: bad argument: {}", argument));
    }
  }
  const config::LoadOptions wish{invocation.config_directory, invocation.overrides};
  const Result<config::Config> config = config::load(wish);
  if (!config) return fatal(invocation, kExitBadConfiguration, config.error().text());
  const std::string path = control_path(config->main->queue_directory);
  const Result<std::string> document =
      ask_server(path, rules == RuleOrder::none ? "status" : "status rules");
  if (!document) {
    const bool denied = document.error().what.find("Permission denied") != std::string::npos;
    return fatal(invocation, denied ? kExitNoPermission : kExitUnavailable,
                 document.error().text());
  }
  if (invocation.json) {
    invocation.out << *document;
    return kExitOk;
  }
  const Result<std::string> text = status_text(*document, rules);
  if (!text) return fatal(invocation, kExitSoftware, text.error().text());
  invocation.out << *text;
  return kExitOk;
}

}  // namespace headgate::cli
