// Automaton: a pattern's tree as a nondeterministic automaton that looks for a match anywhere in a text. What the tree does not
// say exactly (look-around, back-references, possessive repeats) is taken for more or for less than it is, as the proof needs.
// find_text: is there a text for which conditions hold together? "no" is a proof, for texts without NUL that are not empty and
// do not end in a newline: nothing else is ever looked up by Postfix's daemons.
//   Units     bytes.       Threads  pure.
//   Cost      bounded: past kMostStates states the answer is "perhaps".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/analyse/regex_tree.h"

namespace headgate::lint {

enum class Approximation : std::uint8_t { more, less };  // than the pattern matches

// When a zero-width test holds, by the bytes on both sides.
enum class Test : std::uint8_t { none, text_start, text_end, line_start, line_end, word, no_word };

struct Automaton {
  struct Step {
    std::uint32_t to = 0;
    Test test = Test::none;  // a step that takes no byte
  };

  struct State {
    std::vector<Step> free;
    std::optional<analyse::ByteSet> takes;  // a byte of these leads to `next`
    std::uint32_t next = 0;
  };

  std::vector<State> states;
  std::uint32_t start = 0, accept = 0;
};

// Nothing when it would be too large.
std::optional<Automaton> make_automaton(const analyse::Node& tree, Approximation approximation);

struct Condition {
  const Automaton* pattern = nullptr;
  bool matches = true;  // or shall not match
};

enum class Found : std::uint8_t { no, yes, perhaps };

// `text` gets one for which they hold, when there is one. `budget`, when given, is what many searches may cost together: each
// takes from it, and with nothing left the answer is "perhaps".
Found find_text(const std::vector<Condition>& conditions, std::string* text = nullptr,
                std::size_t* budget = nullptr);

}  // namespace headgate::lint
