// The words that all forms of `headgate diff` share: what a change is called, why a message was treated so, numbers.
//   Threads   pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/cli/diff_report.h"
#include "smtpd/cli/differences.h"

namespace headgate::cli {

// One side of an example: '-' before, '+' after, ' ' belongs to the line above. Printable.
struct DiffLine {
  char side = ' ';
  std::string text;
};

std::vector<DiffLine> example_lines(const Change& change, const Example& example);

// "pass -> reject", "reject: other reply", "pass: other content, REDIRECT", "pass: other log lines".
std::string change_title(const Change& change, std::string_view arrow);

// "gone", "new", "action", "pattern", "same".
std::string_view change_word(RuleChange change);

// "1,234 messages", "1 message"; without a noun "1,234".
std::string count_of(std::size_t count, std::string_view noun = {});

// "pcre:/x, line 3".
std::string place_of(const std::string& table, int line);

// "/free/ REJECT no".
std::string rule_text(const ListedRule& rule);

// "8 of 5,491 messages are treated differently."
std::string headline(const Differences& differences);

// "headers", "body lines (by the look of the patterns; -h, -b)".
std::string asked_text(const AskedFor& asked);

// Those outcomes that occur, and how often on one side.
std::vector<std::string_view> outcomes_of(const Differences& differences);
std::size_t outcome_count(const Differences& differences, bool after, std::string_view word);

}  // namespace headgate::cli
