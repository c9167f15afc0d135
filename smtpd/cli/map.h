// query_map: headgate map -q once the configuration has been read; run_map() reads it first.
// Apart so that a test that asks thousands of times reads it once.
//   Threads   runs on the caller's thread.         Errors  told on invocation.err; the exit status is postmap's.
#pragma once

#include "smtpd/cli/command.h"
#include "smtpd/config/settings.h"

namespace headgate::cli {

int query_map(Invocation& invocation, const config::SettingsPtr& settings);

}  // namespace headgate::cli
