// unionmap:{type:name, ...}: what all tables answer, joined with commas. pipemap:{type:name, ...}: the answer of one is the key of
// the next. randmap:{value, ...}: one of the values, whichever key is asked for.
//   Ownership the caller owns the Lookup, and it owns the tables inside.      Threads  one owner.
//   Errors    Code::invalid with Postfix's text (`bad syntax: "unionmap:x"; need "unionmap:{type:name...}"`), and what
//             open_table() says of a table inside. A table inside that fails, fails the lookup.
//   Source    DATABASE_README; postmap(1) 3.7. Whether partial keys are asked is the first table's to say, as in Postfix.
#pragma once

#include <memory>
#include <string_view>

#include "engine/lookup.h"
#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_union_table(std::string_view spec, std::string_view name,
                                                 rules::ProgramSource& programs,
                                                 const WarningSink& warn,
                                                 const OpenOptions& options);
Result<std::unique_ptr<Lookup>> open_pipe_table(std::string_view spec, std::string_view name,
                                                rules::ProgramSource& programs,
                                                const WarningSink& warn,
                                                const OpenOptions& options);
Result<std::unique_ptr<Lookup>> open_random_table(std::string_view spec, std::string_view name);

// The items of "{item, ...}"; nothing: it is not of this form, or is empty.
std::optional<std::vector<std::string_view>> braced_items(std::string_view name);

}  // namespace headgate::tables
