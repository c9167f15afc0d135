// draw_subject: one text that a tree should match, by one way through it. Where a way can be chosen (a branch, a number of
// copies, a byte out of many) is a Choice; some are forced by whoever asks, dice decide the others.
//   Units     a Choice's ways are 0 … ways-1, and those of `Off` besides, which lead past a match on purpose.
//   Lifetime  Choices and Drawn borrow the tree.      Threads  pure, but for the dice.
//   Errors    none: what is around a look-around or a back-reference is a guess, and what grows too long is cut.
//   Cost      linear in `max_length` and in the tree, whatever its repeats say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/analyse/dice.h"
#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

struct Drawn {
  std::string text;                  // without NUL
  std::vector<const ByteSet*> sets;  // that each byte was taken from; null: from none
};

// Ways of a repeat.
constexpr std::uint32_t kFewest = 0, kOneMore = 1, kSomeMore = 2, kMost = 3, kTooFew = 4,
                        kTooMany = 5, kAtLeastOnce = 6;

struct Choice {
  const Node* node = nullptr;
  std::uint32_t ways = 0;
  std::uint32_t above =
      0;  // the Choice that must be right for this one to matter; kNone: there is none
  std::uint32_t leads = 0;  // … and its way to here
};

constexpr std::uint32_t kNone = 0xffffffff;

// Those of the tree, from its top; of a very large one the first `most`.
std::vector<Choice> choices_of(const Node& tree, std::size_t most);

struct Forced {
  const Node* node = nullptr;
  std::uint32_t way = 0;
};

// What must be forced for choice number `index` to be made, and made that way.
std::vector<Forced> forced_by(const std::vector<Choice>& choices, std::uint32_t index,
                              std::uint32_t way);

Drawn draw_subject(const Node& tree, const std::vector<Forced>& forced, Dice& dice,
                   std::size_t max_length);

}  // namespace headgate::analyse
