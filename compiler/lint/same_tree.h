// same_tree: two trees that match the same texts because they are the same. Not for trees with a back-reference, whose text the
// tree does not hold.
//   Threads   pure.
#pragma once

#include "compiler/analyse/regex_tree.h"

namespace headgate::lint {

bool same_tree(const analyse::Node& a, const analyse::Node& b);

}  // namespace headgate::lint
