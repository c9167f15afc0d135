// How long a subject may be before PCRE2 could run into its match limit on it.
// PCRE2 counts the calls of its matcher for each starting position; 10,000,000 end the match with "match limit exceeded",
// which Postfix takes as false, plain or negated. The bound follows from the tree: the number of ways to match each part
// is a polynomial in u = 1/(1-z), the generating function of "so many bytes"; u^k at n bytes is C(n+k, k).
//   Units     bytes of subject; npos-like kUnlimited when no subject can be too long.     Threads  pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

// 0: no subject is short enough to be sure (nested unbounded repeats, which can explode).
std::size_t longest_safe_subject(const Node& tree, std::uint64_t match_limit);

// The same for subjects in which some parts of the tree cannot match, because the subject lacks what they need: nothing after
// such a part is ever tried. `cannot_match` is asked about nodes of the tree and about rows of their first children.
using CannotMatch = std::function<bool(const Node&)>;
std::size_t longest_safe_subject(const Node& tree, std::uint64_t match_limit,
                                 const CannotMatch& cannot_match);

}  // namespace headgate::analyse
