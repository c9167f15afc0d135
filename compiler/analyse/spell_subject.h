// spell_subject: a guess at a text that a pattern matches, by the look of the pattern: what stands there literally, one
// branch of several, one byte of a class. For patterns that have no tree (recursion, back-references, verbs).
//   Errors    none: a guess may be wrong.       Threads  pure, but for the dice.        Cost  linear.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "compiler/analyse/dice.h"

namespace headgate::analyse {

// `basic`: the pattern is a basic regular expression, where \( and \| are operators and ( and | are not.
std::string spell_subject(std::string_view pattern, bool basic, Dice& dice, std::size_t max_length);

}  // namespace headgate::analyse
