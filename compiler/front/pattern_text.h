// Cutting a pattern out of a logical line: `! ! /text/flags`.
//   Errors    a problem's text is Postfix's, without the "pcre map NAME, line N: " prefix; the rule is then skipped.
//   Threads   pure.     Source    content-checks §2.2, §3.3-3.5.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/front/ast.h"

namespace headgate::front {

struct CutPattern {
  Pattern pattern;       // pattern.column is the offset of its first byte in the line, from 0
  std::size_t next = 0;  // offset of what follows the flags
};

// Starts at offset `from`. `complain(offset, text)` is called in Postfix's order; nullopt: the rule is skipped.
std::optional<CutPattern> cut_pattern(
    Dialect dialect, std::string_view line, std::size_t from,
    const std::function<void(std::size_t, std::string)>& complain);

}  // namespace headgate::front
