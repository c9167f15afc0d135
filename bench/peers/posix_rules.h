// glibc's regexec rule by rule, as Postfix's regexp: tables ask it: each pattern a regex_t of its own.
//   Errors    Made::problem for a pcre: table.      Cost  regexec's memory grows with the texts; see confirm_posix.h.
#pragma once

#include "bench/peers/peer.h"

namespace headgate::peers {

Made make_posix_rules(const rules::Program& program, Walk walk);

}  // namespace headgate::peers
