// leftovers: what the values in force in the new directory, with all their $names filled in, still name in the old one, or name though
// it was not copied. Words are replaced where they stand as a whole; what is put together out of pieces, and settings of
// master.cf that name bare files, are only seen here.
//   Errors    each is a finding that failed, with what to do.      Threads  pure but for stat(2).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "smtpd/cli/migrate_findings.h"
#include "smtpd/config/source.h"

namespace headgate::cli {

// `source` is the new directory's; both paths are whole ones without links.
std::vector<MigrationFinding> leftovers(const config::Source& source, const std::string& from,
                                        const std::string& to);

// The parameters that `$name` in a parameter or setting in use leads to.
std::set<std::string, std::less<>> names_in_use(const config::Source& source);

}  // namespace headgate::cli
