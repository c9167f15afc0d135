// What `headgate diff` prints: text for a terminal, Markdown for a pull request (details folded, GitHub's dialect), JSON for
// scripts. What senders and authors control is made printable and cannot break out of a table or a fence.
//   Lifetime  borrows the Differences.        Threads  pure.
//   Source    docs/diff.md: the JSON document is a contract with scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtpd/cli/differences.h"

namespace headgate::cli {

// What tables that were named on the command line are asked for.
struct AskedFor {
  bool headers = true, body = true;
  bool guessed = false;  // by the look of their patterns
};

struct DiffFacts {
  std::string before, after;        // OLD and NEW as named
  std::vector<std::string> corpus;  // as named
  AskedFor asked;
  std::size_t most_rules = 10;  // that are listed; 0: all. JSON lists all
  const Differences& differences;
};

std::string diff_text(const DiffFacts& facts);
std::string diff_markdown(const DiffFacts& facts);
std::string diff_json(const DiffFacts& facts);

}  // namespace headgate::cli
