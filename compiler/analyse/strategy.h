// plan_pattern: how a pattern shall be answered, and why.
//   native        the scan's yes and no are both right: the pattern was respelled for Hyperscan without loss
//   prefilter     the respelling matches more than the pattern does (a look-ahead was dropped …): only its no is right
//   confirm-only  nothing is known, or a scan would tell nothing: the reference engine is asked each time
// The promise behind the first two: no bit, no match, for every text without NUL bytes of at most `trusted_bytes` bytes,
// and PCRE2 would not have run into its match limit either.
//   Threads   pure.     Errors    none: whatever is not understood is confirm-only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "compiler/front/ast.h"

namespace headgate::analyse {

enum class How : std::uint8_t { native, prefilter, confirm_only };

struct Plan {
  How how = How::confirm_only;
  std::string reason;     // "look-ahead", "can match an empty text"; empty for native
  std::string scan_text;  // the pattern for Hyperscan, to be compiled with DOTALL
  bool caseless = false;  // … and with CASELESS
  std::size_t trusted_bytes = 0;
};

// `match_limit` is the reference engine's (0: it has none).
Plan plan_pattern(front::Dialect dialect, const front::Pattern& pattern, std::uint64_t match_limit);

}  // namespace headgate::analyse
