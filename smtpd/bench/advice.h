// grouping_candidates: runs of consecutive rules that begin alike and could stand in one if-group without changing a
// verdict: whatever one of them matches, the group's guard matches too.
// Only such runs are found in which nothing can go wrong: plain rules, no negation, no alternation at top level, the same
// flags, no #@emergency mark, no end of a group between them, not already in a group that says the same.
//   Threads   pure.        Source  pcre_table(5), regexp_table(5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/rules/program.h"
#include "smtpd/bench/table_text.h"

namespace headgate::bench {

struct Candidate {
  GroupEdit edit;
  std::size_t rules = 0;
};

// The largest first.
std::vector<Candidate> grouping_candidates(const rules::Program& program, const TableText& text);

// What every match of the pattern begins with, as a pattern: "^Subject:" or "viagra "; nullopt when that is not certain.
std::optional<std::string> certain_beginning(const rules::Pattern& pattern);

}  // namespace headgate::bench
