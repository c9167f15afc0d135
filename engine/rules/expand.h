// expand: a rule's value with $1, ${1}, $(1) filled in. `$$` and literals were resolved when the table was read.
//   Errors    none: a group that took no part, is empty or does not exist gives nothing.       Threads  pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/match/confirm.h"
#include "engine/rules/program.h"

namespace headgate::rules {

std::string expand(std::span<const Piece> value, std::string_view subject,
                   std::span<const match::Group> groups);

// Whether any piece needs a capture.
bool needs_captures(std::span<const Piece> value);

}  // namespace headgate::rules
