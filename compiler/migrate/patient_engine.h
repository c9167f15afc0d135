// texts_answered: how many of these texts regexec answers in bearable time. It has no limit: captures of nested repeats can keep it
// busy for ever on two bytes. So a child asks it, with a timer of CPU time, and the machine's load does not count.
//   Units     `cpu` is for all the texts; they should be in the order of their length.
//   Threads   any; the child only calls glibc's regex functions and _exit.
//   Errors    0 when there is no process for it: then nothing is known, and nothing may be claimed.
//   Cost      a fork, and one more question a text.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "compiler/migrate/posix_tree.h"
#include "engine/match/confirm.h"

namespace headgate::migrate {

std::size_t texts_answered(const match::Confirmer& engine, bool with_groups,
                           const std::vector<std::string>& texts, std::chrono::milliseconds cpu);

// A repeat in a repeat, or a back-reference: the patterns that need that.
bool may_be_dear(const PosixTree& tree);

}  // namespace headgate::migrate
