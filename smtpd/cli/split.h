// serve_split(): `headgate serve` with a process a role: makes the spool ready for the user that the roles become, takes its
// lock, and lets MASTER work.
//   Errors    why nothing is served; Code as for Server::open().
//   Threads   the main thread's; no other may exist: MASTER forks.
//   Source    docs/roles.md.
#pragma once

#include <functional>
#include <vector>

#include "engine/base/env.h"
#include "smtpd/cli/logs.h"
#include "smtpd/config/load.h"
#include "smtpd/net/address.h"

namespace headgate::cli {

// `announce`: clients are accepted. `command`: argv, for an upgrade.
Result<void> serve_split(config::Config config, const config::LoadOptions& wish,
                         std::vector<std::string> command,
                         const std::function<void(const std::vector<net::Endpoint>&)>& announce,
                         Logs& logs, Env& env);

}  // namespace headgate::cli
