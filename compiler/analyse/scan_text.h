// scan_text: a tree spelled for Hyperscan, matching at least what the tree matches. Nothing of the table's own spelling
// gets there: flags, classes and escapes were resolved by the parser, so the two libraries cannot disagree about them.
//   Errors    text instead of a spelling: why a scan would tell nothing or cost too much to compile.     Threads  pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "compiler/analyse/regex_tree.h"

namespace headgate::analyse {

struct ScanText {
  std::string text;       // to be compiled with DOTALL
  bool caseless = false;  // and with CASELESS
  std::string
      widened;  // what was dropped or loosened ("look-around"); empty: the spelling is exact
};

// What is scanned: a text of its own, or lines of a block, where ^ and $ are the line's and no match goes over a line's end
// (MULTILINE then; what a match may begin or end with but need not is left out, for a block tells of every match).
enum class Subject : std::uint8_t { text, block };

// A byte as Hyperscan takes it for itself.
std::string spell_byte(unsigned char byte);
std::string spell_literal(std::string_view bytes);

tl::expected<ScanText, std::string> scan_text(const Node& tree, Subject subject);

}  // namespace headgate::analyse
