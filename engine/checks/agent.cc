// Tested by agent_test.
#include "engine/checks/agent.h"

#include <fmt/format.h>

namespace headgate::checks {

std::string_view parameter_name(Agent agent, KeyClass key_class) {
  if (agent == Agent::milter) return "milter_header_checks";
  const bool smtp = agent == Agent::smtp;
  switch (key_class) {
    case KeyClass::header:
      return smtp ? "smtp_header_checks" : "header_checks";
    case KeyClass::mime:
      return smtp ? "smtp_mime_header_checks" : "mime_header_checks";
    case KeyClass::nested:
      return smtp ? "smtp_nested_header_checks" : "nested_header_checks";
    case KeyClass::body:
      return smtp ? "smtp_body_checks" : "body_checks";
  }
  return "";
}

std::string lookup_problem(Agent agent, KeyClass key_class) {
  if (agent == Agent::smtp) {
    return fmt::format("smtp {} checks lookup error",
                       key_class == KeyClass::body ? "body" : "header");
  }
  return fmt::format("{} map lookup problem -- message not accepted, try again later",
                     parameter_name(agent, key_class));
}

}  // namespace headgate::checks
