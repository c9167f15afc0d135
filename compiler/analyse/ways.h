// ways_at_one_place: in how many ways a tree can match at one place of a text, if it matches few texts in all: at most as many
// as there are ways to spell texts of which one begins the other. 0: not known.
//   Threads   pure.
#pragma once

#include <cstddef>

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

std::size_t ways_at_one_place(const Node& tree);

}  // namespace headgate::analyse
