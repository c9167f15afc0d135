// query_map: headgate map -q, postmap(1)'s lookups. The exit status: 0 found, 1 not found or fatal.
//   Threads   runs on the caller's thread.         Errors  told on invocation.err.
#pragma once

#include "smtpd/cli/command.h"
#include "smtpd/cli/map_options.h"
#include "smtpd/config/settings.h"

namespace headgate::cli {

int query_map(Invocation& invocation, const MapOptions& options, const config::Settings& settings);

}  // namespace headgate::cli
