// trial: do these patterns come out of glibc's regcomp alive? It takes time, memory or stack without bound for nested
// repeats, stacked intervals, heaps of \b or parentheses, often in less than a hundred bytes; a table must not take the
// server with it. So all patterns but the plainest are compiled in a forked child first: one child for a whole table, and
// only after a pattern has killed it another one for the rest.
//   Threads   any; the child only calls glibc's regex functions and _exit.
//   Errors    dear is the table author's mistake, worded for Postfix's warning. untried and killed are the machine's:
//             nothing is known of the pattern, and what was compiled without it must not be kept.
//   Cost      a fork (about a millisecond) and one more regcomp for each pattern; at most kTrialCpu for a dear one, and
//             after kFirstDear of them kLaterCpu: a table of N bombs costs about 10 s + N * 0.1 s, twice that where memory ends them.
//   Source    ours: Postfix compiles whatever it is given. docs/compat.md, "Regex bombs".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/match/confirm_posix.h"

namespace headgate::back {

inline constexpr std::chrono::milliseconds kTrialCpu{2000};  // a pattern
inline constexpr int kFirstDear = 5;  // so many dear ones of a table may take that long
inline constexpr std::chrono::milliseconds kLaterCpu{100};  // a pattern behind them
inline constexpr std::size_t kTrialBytes = 512U << 20;

// glibc's words when regcomp or regexec had no memory.
inline constexpr std::string_view kOutOfMemory = "Memory exhausted";

struct TrialPattern {
  std::string text;
  match::PosixOptions options;
  std::size_t groups_wanted = 0;
};

enum class Trial : std::uint8_t {
  passed,   // compiled, run on a short text and freed within the limits
  dear,     // too much time, memory or stack
  killed,   // by somebody else, twice: for want of memory, most likely
  untried,  // there was no process for it
};

struct TrialResult {
  Trial came = Trial::untried;
  std::string why;
};

// False only for a short row of single characters, each repeated at most once, with few anchors.
bool needs_trial(std::string_view pattern);

// One result a pattern, in their order.
std::vector<TrialResult> try_posix(const std::vector<TrialPattern>& patterns);

}  // namespace headgate::back
