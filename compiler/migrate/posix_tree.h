// PosixTree: a regexp: pattern, read as glibc reads it, with what is needed to write it down again in another dialect:
// groups and their numbers, how each byte was spelled, word anchors, back-references. (The tree of compiler/analyse has byte
// sets only, which is what finding needs.)
//   Errors    text instead of a tree: a construct whose meaning hangs on glibc's accidents. Only for patterns that regcomp
//             accepted.
//   Threads   pure.     Source    regex(7), content-checks §3.7, and what glibc 2.36 was seen to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/analyse/regex_tree.h"
#include "compiler/front/ast.h"

namespace headgate::migrate {

enum class PosixKind : std::uint8_t {
  bytes,           // one byte out of `set`
  concat,          // children in a row
  alternate,       // one of the children
  group,           // children[0], captured as `number`
  repeat,          // children[0], `min` to `max` times
  back_reference,  // what group `number` matched
  line_start,      // ^
  line_end,        // $
  text_start,      // \`
  text_end,        // \'
  word_edge,       // \b
  no_word_edge,    // \B
  word_begin,      // \<
  word_end,        // \>
};

// How a `bytes` was spelled.
enum class Form : std::uint8_t { plain, escaped, dot, class_letter, bracket };

struct PosixNode {
  PosixKind kind = PosixKind::concat;
  analyse::ByteSet set;
  Form form = Form::plain;
  std::string source;  // the byte, the letter of \w, or the bracket expression with its brackets
  std::uint32_t min = 0, max = 0;  // analyse::kUnbounded
  std::size_t number = 0;
  std::vector<PosixNode> children;
};

struct PosixTree {
  PosixNode root;
  std::size_t groups = 0;
  bool has_back_reference = false;
};

tl::expected<PosixTree, std::string> read_posix(const std::string& pattern,
                                                const front::Flags& flags);

// Without REG_NEWLINE too, glibc takes `$` before a newline that the pattern goes on to match for the end, and `^` behind one
// for the start: /a$.b/ matches "a\nb". True when the tree has a place for that.
bool has_anchor_at_newline(const PosixTree& tree);

// glibc unrolls repeats and sometimes forgets, sometimes keeps too long, what an anchor inside said: in /(^a)++/.
bool has_anchor_in_repeat(const PosixTree& tree);

// A match may be of no bytes. Sound: true when in doubt.
bool may_be_empty(const PosixNode& node);

}  // namespace headgate::migrate
