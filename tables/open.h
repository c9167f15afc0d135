// open_table: "type:name" -> Lookup, one row a type.
//   Ownership the caller owns the Lookups; `programs` is borrowed for the call.
//   Threads   call it once a thread; Programs underneath are shared.
//   Errors    Code::invalid for an unknown type or a bad inline table, Code::not_found/io when a file cannot be read.
//             A daemon turns such an Error into unavailable_table(), which fails every lookup (content-checks §5.7).
//   Source    DATABASE_README, pcre_table(5), regexp_table(5).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program_source.h"

namespace headgate::tables {

struct OpenTable {
  std::unique_ptr<Lookup> full;
  std::unique_ptr<Lookup> emergency;  // set only when the table has #@emergency marks
};

// `warn` gets the table's diagnostics now, and runtime ones ("match limit exceeded") later.
Result<OpenTable> open_table(std::string_view spec, rules::ProgramSource& programs, const WarningSink& warn);

// A Lookup that answers every key with `reason`.
std::unique_ptr<Lookup> unavailable_table(std::string_view spec, Error reason);

}  // namespace headgate::tables
