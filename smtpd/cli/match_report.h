// MatchReport: what the checks said about one message, in the two forms that `headgate match` prints.
//   Threads   values.
//   Source    docs/cli.md: the JSON line is a contract with scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/checks/verdict.h"

namespace headgate::cli {

// One action. Owned copies: the checks pass views that end with the callback.
struct MatchStep {
  checks::KeyClass key_class = checks::KeyClass::header;
  checks::ActionKind action = checks::ActionKind::none;
  std::string table;
  int line = 0;
  std::string text;     // the argument; REJECT: the final reason
  std::string subject;  // the header or body line, cut as in the log
};

struct MatchReport {
  std::string message;  // the file, or "MBOX#3"
  checks::Verdict verdict;
  std::vector<MatchStep> steps;
};

// "header", "mime", "nested", "body".
std::string_view class_word(checks::KeyClass key_class);

MatchStep match_step(const checks::ActionTaken& taken);

// "pass", "reject", "discard" or "hold"; a failed lookup is a reject whose reply begins with 451.
std::string_view verdict_word(const checks::Verdict& verdict);

// What an SMTP client would be told after its data.
std::string reply_text(const checks::Verdict& verdict);

std::string as_text(const MatchReport& report);  // some lines
std::string as_json(const MatchReport& report);  // one line

}  // namespace headgate::cli
