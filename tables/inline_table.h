// inline:{name=value, {name = value with blanks}} and static:value, static:{value with blanks}.
//   Ownership the caller owns the Lookup.     Threads  none shared.
//   Errors    Code::invalid with Postfix's text (`bad syntax: "inline:x"; need "inline:{name=value...}"`).
//   Source    DATABASE_README (inline, static); of two equal names the last one counts.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "engine/lookup.h"
#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_inline_table(std::string_view spec, std::string_view name,
                                                  const OpenOptions& options);

// Its entries, as a lookup would find them, in no order, until `visit` says false (postmap -s).
Result<void> for_each_inline_entry(
    std::string_view spec, std::string_view name, const OpenOptions& options,
    const std::function<bool(std::string_view key, std::string_view value)>& visit);

Result<std::unique_ptr<Lookup>> open_static_table(std::string_view spec, std::string_view name);

}  // namespace headgate::tables
