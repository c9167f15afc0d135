// required_literals: what every match of a tree must contain, as literals that a scan can look for.
// A clause is a set of literals of which one must occur; a match contains one of each clause. Sound, never complete: a tree
// of which nothing is known has no clauses.
//   Units     a caseless literal is in lower case; only ASCII letters have a case.      Threads  pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

struct Literal {
  std::string bytes;
  bool caseless = false;
  bool at_start = false, at_end = false;  // of the text, or of a line

  bool operator==(const Literal&) const = default;
  auto operator<=>(const Literal&) const = default;
};

using Clause = std::vector<Literal>;

// At most kMostLiterals a clause, each of 1 to kLongestLiteral bytes.
constexpr std::size_t kMostLiterals = 300;
constexpr std::size_t kLongestLiteral = 32;

std::vector<Clause> required_literals(const Node& tree);

// A text that has none of `lacked` has none of `clause`.
bool is_lacking(const Clause& clause, const Clause& lacked);

// Each match begins with one of these; `all`: and is nothing more. One empty literal when nothing is known.
struct Beginnings {
  Clause literals;
  bool all = false;
  bool any_case = true;  // each letter may have either case
};

Beginnings beginnings(const Node& tree);

// Whether some text might be begun by matches of both; at worst, true.
bool may_begin_alike(const Beginnings& a, const Beginnings& b);

// No shorter text matches.
std::size_t least_bytes(const Node& tree);

}  // namespace headgate::analyse
