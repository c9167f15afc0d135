// plan_pattern: what is known of a pattern that helps to rule it out without asking its reference engine.
//   native        it was respelled for Hyperscan without loss: the scan's yes and no are both right
//   prefilter     the respelling matches more than the pattern does (a look-ahead was dropped …): only its no is right
//   confirm-only  no scan for it would tell anything
// and, whatever that came to, what a text needs to match it. The promise behind it all: what is ruled out does not match, for
// every text without NUL bytes of at most `trusted_bytes` bytes, and PCRE2 would not have run into its match limit either.
//   Threads   pure.     Errors    none: whatever is not understood is confirm-only and needs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "compiler/analyse/byte_row.h"
#include "compiler/analyse/needs.h"
#include "compiler/front/ast.h"

namespace headgate::analyse {

enum class How : std::uint8_t { native, prefilter, confirm_only };

struct Plan {
  How how = How::confirm_only;
  std::string reason;     // "look-ahead", "can match an empty text"; empty for native
  std::string scan_text;  // the pattern for Hyperscan, to be compiled with DOTALL
  bool caseless = false;  // … and with CASELESS
  std::size_t trusted_bytes = 0;
  std::string block_text;  // the same for blocks, with MULTILINE; empty: there is none
  bool block_caseless = false;
  Needs needs;
  std::vector<ByteRow> rows;
};

// `match_limit` is the reference engine's (0: it has none).
Plan plan_pattern(front::Dialect dialect, const front::Pattern& pattern, std::uint64_t match_limit);

}  // namespace headgate::analyse
