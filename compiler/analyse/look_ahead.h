// without_look_aheads: a tree that matches the same texts, in which a negative look-ahead for a few texts is gone where what
// stands behind it has few spellings: `(?!FONT|font)[Ff][Oo][Nn][Tt]` is fourteen words, none of them common. For looking where a
// pattern may match; what PCRE2 has to try is told by the tree as it was.
//   Threads   pure.
#pragma once

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

Node without_look_aheads(const Node& tree);

}  // namespace headgate::analyse
