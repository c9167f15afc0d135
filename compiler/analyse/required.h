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

  bool operator==(const Literal&) const = default;
  auto operator<=>(const Literal&) const = default;
};

using Clause = std::vector<Literal>;

// At most kMostLiterals a clause, each of 1 to kLongestLiteral bytes.
constexpr std::size_t kMostLiterals = 48;
constexpr std::size_t kLongestLiteral = 32;

std::vector<Clause> required_literals(const Node& tree);

// Each match begins with one of these; `all`: and is nothing more. One empty literal when nothing is known.
struct Beginnings {
  Clause literals;
  bool all = false;
  bool any_case = true;  // each letter may have either case
};

Beginnings beginnings(const Node& tree);

// No shorter text matches.
std::size_t least_bytes(const Node& tree);

}  // namespace headgate::analyse
