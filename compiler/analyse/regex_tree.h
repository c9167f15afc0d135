// The tree of a regular expression, the same for both dialects: what a match must look like, byte by byte. Case, dot and
// multi-line flags are resolved into byte sets and anchors while parsing, so a tree means the same whatever the flags were.
// A parser that is not certain of a construct gives no tree at all; the pattern is then confirm-only.
//   Units     a set holds byte values 0-255 (no UTF mode in either engine).       Threads  values.
#pragma once

#include <bitset>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/front/ast.h"

namespace headgate::analyse {

using ByteSet = std::bitset<256>;

enum class NodeKind : std::uint8_t {
  bytes,             // one byte out of `set`
  concat,            // children in a row; none = the empty text
  alternate,         // one of the children
  repeat,            // children[0], `min` to `max` times
  capture,           // children[0]
  atomic,            // children[0], no way back into it
  look,              // look-around: zero width; children[0] only counts for the effort
  text_start,        // \A
  text_end,          // \z
  last_line_end,     // \Z: at the end or before a final newline
  line_start,        // ^ with m
  line_end,          // $ with m
  word_boundary,     // \b
  no_word_boundary,  // \B
  maybe,             // zero width, unknown when: a dropped test
  doubt,             // zero width, always true; but PCRE2 may see no match where the tree does
  anything,          // any text: a back-reference
};

constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

struct Node {
  NodeKind kind = NodeKind::concat;
  ByteSet set;
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  bool not_ahead = false;  // of a look: the negative one to the right
  std::vector<Node> children;
};

Node make_bytes(const ByteSet& set);
Node make_leaf(NodeKind kind);
Node make_unary(NodeKind kind, Node child);
Node make_repeat(Node child, std::uint32_t min, std::uint32_t max);

// "*", "{2,5}" …, as both dialects write it; `max` kUnbounded: no end.
std::string quantifier_text(std::uint64_t min, std::uint64_t max);

ByteSet single(unsigned char byte);
ByteSet range(unsigned char first, unsigned char last);
ByteSet fold_case(const ByteSet& set);  // ASCII only, as both engines do in the C locale
// "alpha", "digit" … of POSIX, plus PCRE2's "word" and "ascii"; false when unknown.
bool posix_class(std::string_view name, ByteSet& set);
ByteSet word_bytes();
ByteSet space_bytes();  // space \t \n \v \f \r

// Why there is no tree, for people: "recursion", "(*VERB)".
using Parsed = tl::expected<Node, std::string>;

Parsed parse_pcre(const std::string& pattern, const front::Flags& flags);
Parsed parse_posix(const std::string& pattern, const front::Flags& flags);

}  // namespace headgate::analyse
