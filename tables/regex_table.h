// open_regex_table: pcre:NAME and regexp:NAME, a path or an inline "{ {rule} … }", through the ProgramSource.
//   Ownership the caller owns the Lookups; Programs underneath are shared.
//   Errors    as ProgramSource::load. A bad rule goes to `warn`; the rest of the table works.
//   Source    pcre_table(5), regexp_table(5) as recorded in docs/program.md.
#pragma once

#include <string>
#include <string_view>

#include "tables/open.h"

namespace headgate::tables {

Result<OpenTable> open_regex_table(std::string_view spec, rules::Dialect dialect,
                                   const std::string& name, rules::ProgramSource& programs,
                                   const WarningSink& warn, const OpenOptions& options);

}  // namespace headgate::tables
