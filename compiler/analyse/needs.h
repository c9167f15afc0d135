// Needs: what a text must have for a pattern to match it, cheap to test. Each need comes with how long a text that lacks it may
// be for "no match" to be Postfix's answer too: PCRE2 might run into its match limit before it finds out.
//   Threads   pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/analyse/regex_tree.h"
#include "compiler/analyse/required.h"

namespace headgate::analyse {

struct NeededLiterals {
  Clause any_of;
  double cost = 0;  // see frequency.h
  std::size_t trusted_bytes = 0;
};

struct NeededByte {
  ByteSet any_of;
  std::size_t trusted_bytes = 0;
};

struct Needs {
  bool known = false;                    // false: the pattern could not be read
  std::vector<NeededLiterals> literals;  // the cheapest first
  std::vector<NeededByte> bytes;
  std::vector<std::string> header_names;  // in lower case: it begins with one of them and a colon
  bool only_name = false;                 // … and asks for nothing more
  std::size_t least_bytes = 0;
  std::size_t least_bytes_of_engine =
      0;  // what the reference engine itself checks first; for whoever has one to tell
  std::size_t trusted_bytes = 0;  // of any other reason for "no"
};

// The reference engine itself looks for the byte, in either case, before it tries anything.
void add_byte_of_engine(Needs& needs, unsigned char byte, std::size_t trusted_bytes);

// `narrowed`: the tree without_look_aheads().
Needs needs_of(const Node& tree, const Node& narrowed, std::uint64_t match_limit);

}  // namespace headgate::analyse
