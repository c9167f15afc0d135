// list_map: headgate map -s TYPE:NAME, every entry of a table as "key TAB value" in the table's order; with --json or -j
// {"key": …, "value": …} a line. Of several tables the first only: as postmap, which passes over the others in silence.
//   Errors    told on invocation.err; the exit status is 1.      Threads  the caller's.      Source  postmap(1) of Postfix 3.7.
#pragma once

#include "smtpd/cli/command.h"
#include "smtpd/cli/map_options.h"
#include "smtpd/config/settings.h"

namespace headgate::cli {

int list_map(Invocation& invocation, const MapOptions& options, const config::Settings& settings);

}  // namespace headgate::cli
