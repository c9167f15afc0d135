// run_map: `headgate map` once the configuration has been read; run_map(Invocation&) reads it first.
// Apart so that a test that asks thousands of times reads it once.
//   Threads   runs on the caller's thread.         Errors  told on invocation.err; the exit status is postmap's.
#pragma once

#include "smtpd/cli/command.h"
#include "smtpd/cli/map_options.h"
#include "smtpd/config/settings.h"

namespace headgate::cli {

int run_map(Invocation& invocation, MapOptions options, const config::SettingsPtr& settings);

}  // namespace headgate::cli
