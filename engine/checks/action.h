// Action: the right-hand side of a check table as a typed value.
//   Errors    parse_action never fails: what Postfix would warn about is in `warning`, and the action is then `none`.
//   Threads   pure.
//   Source    header_checks(5), smtp(8); content-checks §5.1, §5.3, §5.4, §5.8, §5.9.
#pragma once

#include <string>
#include <string_view>

#include "engine/checks/agent.h"

namespace headgate::checks {

enum class ActionKind {
  none,
  bcc,
  discard,
  dunno,
  filter,
  hold,
  ignore,
  info,
  pass,
  prepend,
  redirect,
  reject,
  replace,
  strip,
  warn,
};

struct Action {
  ActionKind kind = ActionKind::none;
  std::string text;  // the argument; for reject the final reason "5.7.1 text"
  std::string
      warning;  // Postfix's complaint about the value, without "warning: "; may accompany an effective action
};

// The agent and the class say which words there are, what the complaints call the table, and that PREPEND and REPLACE
// must start a header. A Milter's PREPEND does nothing, but is logged before its warning.
Action parse_action(std::string_view value, KeyClass key_class, Agent agent = Agent::cleanup);

// "reject", "warning", … as in log lines; empty for actions that are not logged.
std::string_view log_word(ActionKind kind);

// "REJECT", "WARN", …: the command as a table says it; "DUNNO" for OK, empty for none.
std::string_view command(ActionKind kind);

// RFC 3463 code at the start of text ("5.7.1 x"), else "" .
std::string_view leading_dsn(std::string_view text);

}  // namespace headgate::checks
