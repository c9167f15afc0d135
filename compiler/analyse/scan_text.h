// scan_text: a tree spelled for Hyperscan, matching at least what the tree matches. Nothing of the table's own spelling
// gets there: flags, classes and escapes were resolved by the parser, so the two libraries cannot disagree about them.
//   Errors    text instead of a spelling: why a scan would tell nothing or cost too much to compile.     Threads  pure.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

struct ScanText {
  std::string text;       // to be compiled with DOTALL
  bool caseless = false;  // and with CASELESS
  std::string
      widened;  // what was dropped or loosened ("look-around"); empty: the spelling is exact
};

tl::expected<ScanText, std::string> scan_text(const Node& tree);

}  // namespace headgate::analyse
