// required_rows: rows of byte sets that each match of a tree contains, one byte out of each with some bytes between them: what
// is left of a pattern without good literals, for engine/match/shift_and.h. Sound, never complete: alternatives are laid one
// over the other, repeats that may go on become bytes between, what is zero-width is left out.
//   Units     `bits`: the row occurs once in 2^bits bytes of mail, guessed; costs are nanoseconds a byte of text.
//   Threads   pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

struct RowStep {
  ByteSet byte;
  ByteSet between{};  // any number of these may stand between this step and the next

  bool operator==(const RowStep&) const = default;
};

struct ByteRow {
  std::vector<RowStep>
      steps;  // a first one of a newline alone: where a line begins; a last one: where it ends
  double bits = 0;
  std::size_t trusted_bytes =
      0;  // a text of so many bytes that lacks the row does not match, by PCRE2 neither
};

constexpr std::size_t kLongestRow = 63;

// The shortest row that is rare, or else the rarest, of at most kLongestRow steps; and, where a pattern may run into the match
// limit, the same of its beginnings, whose lack keeps PCRE2 from getting far. None when nothing is known. `narrowed`: the tree
// without_look_aheads().
std::vector<ByteRow> required_rows(const Node& tree, const Node& narrowed,
                                   std::uint64_t match_limit, std::size_t trusted_bytes);

// How often it is found, a byte of text.
double rate_of(const ByteRow& row);

// What it is likely to cost to ask the reference engine where a row occurs; to look for it; both.
double cost_of_asking(const ByteRow& row);
double cost_of_looking(const ByteRow& row);
double cost_of(const ByteRow& row);

}  // namespace headgate::analyse
