// What a process may map, and who goes when memory runs out: for children that must not take more than their share.
//   Units     bytes of RLIMIT_AS.      Threads  the limit is the process's.
#pragma once

#include <cstdint>

namespace headgate::back {

// What it has mapped now: a limit is set beyond that. (A sanitizer maps terabytes.)
std::uint64_t mapped_bytes();

// The soft limit alone, so that own_limit_was_hit() can look behind it; never beyond the hard one.
void limit_address_space(std::uint64_t bytes);

// After an allocation failed: was it for the limit set above, or has the machine no memory? Lifts the limit, so the
// process should end now.
bool own_limit_was_hit();

// Where the machine has no memory, this process and those it starts end before any server does. Best effort: /proc may be
// missing or refuse. Allocates nothing.
void offer_to_oom_killer();

}  // namespace headgate::back
