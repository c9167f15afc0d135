// trial: does this pattern come out of glibc's regcomp alive? Stacked intervals and quantifiers cost it time and memory
// without bound, deep parentheses the stack; a table must not take the server with it, so such a pattern is tried in a
// forked child first.
//   Threads   any; the child only calls glibc's regex functions and _exit.
//   Errors    not an Error: a pattern that fails its trial is the table author's mistake, worded for Postfix's warning.
//   Cost      nothing for the patterns that people write; a fork (about a millisecond) for the others, at most kTrialCpu.
//   Source    ours: Postfix compiles whatever it is given. docs/compat.md, "Regex bombs".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "engine/match/confirm_posix.h"

namespace headgate::back {

inline constexpr std::chrono::seconds kTrialCpu{2};
inline constexpr std::size_t kTrialBytes = 512U << 20;

// Two intervals or a big one, many parentheses, a heap of quantifiers, or sheer length: what glibc was seen to choke on.
bool needs_trial(std::string_view pattern);

// nullopt: compiled, run on an empty text and freed within the limits. Else why not.
std::optional<std::string> try_posix(const std::string& pattern, const match::PosixOptions& options,
                                     std::size_t groups_wanted);

}  // namespace headgate::back
