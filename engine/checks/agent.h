// Agent: on whose behalf the checks run. The engine is one; what differs is which words a table may use, how the
// parameters are called, what a failed lookup is called, and how a step is logged.
//   Threads   values, pure functions.
//   Source    header_checks(5), "BUGS" and smtp(8), smtp_header_checks; content-checks §4.6, §5.7, §5.8, §5.9.
#pragma once

#include <string>
#include <string_view>

namespace headgate::checks {

enum class Agent {
  cleanup,  // mail on its way in: header_checks …
  milter,   // headers that a Milter adds or changes: milter_header_checks, one list for all
  smtp,     // mail on its way out: smtp_header_checks …
};

enum class KeyClass { header, mime, nested, body };

// The parameter that names the class's tables, as in log lines: "header_checks", "smtp_body_checks" …
std::string_view parameter_name(Agent agent, KeyClass key_class);

inline std::string_view parameter_name(KeyClass key_class) {
  return parameter_name(Agent::cleanup, key_class);
}

// What is logged after the queue id when a lookup failed.
std::string lookup_problem(Agent agent, KeyClass key_class);

}  // namespace headgate::checks
