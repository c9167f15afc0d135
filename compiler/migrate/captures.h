// captures_agree: whether $1, $2 … are certain to be the same texts in both engines. regexec takes the longest of the leftmost
// matches and fills its groups from the left, each as long as can be; PCRE2 takes the first that it comes to: the left
// alternative, the greediest repeat. Shown to be the same for a row of items that repeat only what has one length, whose
// alternatives exclude each other, and whose end is settled: then both take the most for the first item, then the most for
// the second, and so on.
//   Errors    the reason why nothing could be shown. That is no proof of a difference: then it is for tests to say.
//   Threads   pure.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/migrate/posix_tree.h"

namespace headgate::migrate {

// Empty: they agree. `highest`: the highest group that is asked for.
std::string why_captures_may_differ(const PosixTree& tree, std::uint64_t highest, bool newline);

}  // namespace headgate::migrate
