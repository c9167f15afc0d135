// subjects: texts near a pattern, to compare two ways of answering it where they could differ. Half of them should match:
// each branch, each repeat at its least, one more, some more and its most, the first, the last and some of each set. The
// others nearly do: a byte outside its set, dropped, doubled, swapped with its neighbour, an end cut off, something added
// before, behind or between, a newline among it, a copy too few or too many.
// They are proposals. What is around a look-around or a back-reference is a guess, and a near miss of /a/ often still holds
// an a: whoever uses them asks the reference engine.
//   Units     at most `count` texts of at most `max_length` bytes; all different, none with NUL; the same for the same seed.
//   Threads   pure.      Errors    none.
//   Cost      linear in count · (max_length + the tree), however often the pattern says something is repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

struct SubjectOptions {
  std::uint64_t seed = 1;
  std::size_t count = 128;
  std::size_t max_length = 2048;
};

struct Subjects {
  std::vector<std::string> matching;  // should
  std::vector<std::string> near;      // should not
};

Subjects subjects_by_kind(const Node& tree, const SubjectOptions& options);

// For a pattern without a tree: guessed by its look.
Subjects subjects_by_kind(std::string_view pattern, bool basic, const SubjectOptions& options);

// From the pattern's tree if it has one, else by its look.
Subjects subjects_by_kind(front::Dialect dialect, const front::Pattern& pattern,
                          const SubjectOptions& options);

// Both kinds in a row, those that should match first.
std::vector<std::string> subjects(const Node& tree, const SubjectOptions& options);
std::vector<std::string> subjects(front::Dialect dialect, const front::Pattern& pattern,
                                  const SubjectOptions& options);

}  // namespace headgate::analyse
