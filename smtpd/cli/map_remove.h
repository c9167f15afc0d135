// remove_keys: headgate map -d KEY|- TYPE:NAME..., takes keys out of tables.
//   Errors    told on invocation.err.      Exit  0 when one of the keys was there, else 1.
//   Threads   the caller's.                Source  postmap(1) of Postfix 3.7.
#pragma once

#include "smtpd/cli/command.h"
#include "smtpd/cli/map_options.h"
#include "smtpd/config/settings.h"

namespace headgate::cli {

int remove_keys(Invocation& invocation, const MapOptions& options,
                const config::Settings& settings);

}  // namespace headgate::cli
