// The letters after a pattern: i m s x A E U X of pcre:, i m x of regexp:. Each toggles.
//   Threads   pure.     Source    pcre_table(5), regexp_table(5).
#pragma once

#include <cstdint>

#include "compiler/front/ast.h"

namespace headgate::front {

enum class FlagResult : std::uint8_t { ok, obsolete, unknown };

FlagResult toggle_flag(Dialect dialect, char letter, Flags& flags);

}  // namespace headgate::front
