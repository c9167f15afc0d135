// unix:passwd.byname, unix:group.byname: the lines of passwd(5) and group(5), from the system's name service. environ:any: the
// process's environment.
//   Ownership the caller owns the Lookup.     Threads  one owner; a name service may ask other programs: it may wait.
//   Errors    Code::invalid "unknown table: unix:x"; a name service that fails is an Error, never "not found".
//   Source    DATABASE_README; the lines and the folding of keys as postmap(1) 3.7 shows them.
#pragma once

#include <memory>
#include <string_view>

#include "engine/lookup.h"
#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_unix_table(std::string_view spec, std::string_view name,
                                                const OpenOptions& options);
Result<std::unique_ptr<Lookup>> open_environ_table(std::string_view spec,
                                                   const OpenOptions& options);

}  // namespace headgate::tables
