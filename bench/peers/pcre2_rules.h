// PCRE2 rule by rule, as Postfix's pcre: tables ask it: each rule and each `if` has its own compiled pattern and its own
// match data, also where two are alike. With the JIT: what Postfix would be if it compiled with it (Debian's does not).
//   Errors    Made::problem for a regexp: table. A pattern that the JIT refuses is interpreted: the answer is the same.
#pragma once

#include "bench/peers/peer.h"

namespace headgate::peers {

enum class Pcre2Way : std::uint8_t { interpreter, jit };

Made make_pcre2_rules(const rules::Program& program, Pcre2Way way, Walk walk);

}  // namespace headgate::peers
