// The inline form of a table: pcre:{ {rule}, {rule} … }. Braces are counted blindly, in patterns too.
//   Errors    Code::invalid with Postfix's text: "pcre map: missing '}' in "{ {/a/ X}"".
//   Threads   pure.     Source    DATABASE_README, "inline tables"; content-checks §1.2.
#pragma once

#include <string>
#include <string_view>

#include "compiler/front/ast.h"
#include "engine/base/error.h"

namespace headgate::front {

bool is_inline(std::string_view name);

// The rules as the text of a file, a line each.
Result<std::string> inline_text(Dialect dialect, std::string_view name);

}  // namespace headgate::front
