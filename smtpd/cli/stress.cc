// `headgate stress status|on|off|auto [SERVICE]`: the dial of the running server, asked and turned over its control socket,
// which belongs to the server's user and root.
//   status     level, signals, what is different just now, history; --json: as in `headgate status --json`
//   on, off    until `auto`; a reload changes nothing
// Tested by tests/e2e/stress_command_test.py.
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "smtpd/cli/command.h"
#include "smtpd/cli/control.h"
#include "smtpd/cli/stress_status.h"
#include "smtpd/config/load.h"

namespace headgate::cli {
namespace {

using Json = nlohmann::json;

bool is_request(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.size() > 2) return false;
  const std::string& verb = arguments[0];
  return verb == "on" || verb == "off" || verb == "auto" ||
         (verb == "status" && arguments.size() == 1);
}

int tell(Invocation& invocation, const std::string& answer, bool whole) {
  try {
    const Json document = Json::parse(answer);
    if (document.contains("error"))
      return fatal(invocation, kExitUsage, "stress: " + document.at("error").get<std::string>());
    if (invocation.json) {
      invocation.out << answer;
    } else if (whole) {
      invocation.out << stress_text(document);
    } else {
      for (const Json& service : document.at("services"))
        invocation.out << fmt::format(
            "{} ({}): level {}; {}; {}\n", service.at("service").get<std::string>(),
            service.at("name").get<std::string>(), service.at("level").get<int>(),
            service.at("mode").get<std::string>(), service.at("why").get<std::string>());
    }
  } catch (const Json::exception&) {
    return fatal(invocation, kExitSoftware, "the server's answer is not what this version expects");
  }
  return kExitOk;
}

}  // namespace

int run_stress(Invocation& invocation) {
  if (!is_request(invocation.arguments))
    return fatal(invocation, kExitUsage, "stress: wants status, or on, off or auto [SERVICE]");
  const config::LoadOptions wish{invocation.config_directory, invocation.overrides};
  const Result<config::Config> config = config::load(wish);
  if (!config) return fatal(invocation, kExitBadConfiguration, config.error().text());
  const bool whole = invocation.arguments[0] == "status";
  std::string request = whole ? "status" : "stress " + invocation.arguments[0];
  if (invocation.arguments.size() == 2) request += " " + invocation.arguments[1];
  const Result<std::string> answer =
      ask_server(control_path(config->main->queue_directory), request);
  if (!answer) {
    const bool denied = answer.error().what.find("Permission denied") != std::string::npos;
    return fatal(invocation, denied ? kExitNoPermission : kExitUnavailable, answer.error().text());
  }
  return tell(invocation, *answer, whole);
}

}  // namespace headgate::cli
