// inline:{name=value, {name = value with blanks}} and static:value, static:{value with blanks}.
//   Ownership the caller owns the Lookup.     Threads  none shared.
//   Errors    Code::invalid with Postfix's text (`bad syntax: "inline:x"; need "inline:{name=value...}"`).
//   Source    DATABASE_README (inline, static); of two equal names the last one counts.
#pragma once

#include <memory>
#include <string_view>

#include "engine/lookup.h"
#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_inline_table(std::string_view spec, std::string_view name,
                                                  const OpenOptions& options);
Result<std::unique_ptr<Lookup>> open_static_table(std::string_view spec, std::string_view name);

}  // namespace headgate::tables
