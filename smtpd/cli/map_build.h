// build_map: headgate map [-i] TYPE:FILE, postmap(1)'s building: the entries of FILE (-i: of standard input) into FILE.cdb or
// FILE.lmdb. Readers see the old table or the new one.
//   Errors    told on invocation.err; false: nothing was changed.           Threads  the caller's; switches its rights.
//   Source    postmap(1) of Postfix 3.7.
#pragma once

#include <string_view>

#include "smtpd/cli/command.h"
#include "smtpd/cli/map_options.h"
#include "smtpd/config/settings.h"

namespace headgate::cli {

bool build_map(Invocation& invocation, const MapOptions& options, const config::Settings& settings,
               std::string_view type, std::string_view name);

}  // namespace headgate::cli
