// open_shared_table: a table that several threads may ask at once, where each Lookup alone has one owner.
//   Form      `copies` equal Lookups over the same Programs; find() borrows a free one and waits while all are taken.
//   Ownership the caller owns the Lookup.       Threads  find() from any thread; `warn` is called by whoever asks, and
//             must bear that.
//   Errors    as open_table; the table's warnings come once, however many copies there are.
//   Cost      scratch memory and, for texthash: and the like, the content for each copy.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "tables/open.h"

namespace headgate::tables {

Result<std::unique_ptr<Lookup>> open_shared_table(std::string_view spec,
                                                  rules::ProgramSource& programs,
                                                  const WarningSink& warn,
                                                  const OpenOptions& options, std::size_t copies);

}  // namespace headgate::tables
