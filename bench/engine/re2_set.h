// RE2::Set as a peer: all rules in one automaton, a text at a time, the lowest rule that matches wins. Guards count as true.
//   Errors    Made::problem without libre2 at build time, for regexp: tables, or when its memory limit is too small; a
//             pattern that is not RE2 is left out, and so are negated rules and pairs.
#pragma once

#include "bench/peers/peer.h"

namespace headgate::ratios {

peers::Made make_re2_set(const rules::Program& program);

}  // namespace headgate::ratios
