// load(): a configuration directory -> services with their two Settings each, and what is wrong with the files.
//   Ownership a Config is a value; Settings are shared snapshots.        Threads  pure but for reading the files.
//   Errors    Code::invalid for what Postfix calls fatal (its text, with file and line in `where`/text); warnings are
//             in Config::diagnostics. A missing or empty directory is no error: see `embedded`.
//   Source    master(5), postconf(5); smtpd.md §1 as recorded in docs/compat.md.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "smtpd/config/settings.h"

namespace headgate::config {

// One master.cf entry, after its -o overrides were applied.
struct Service {
  std::string name;        // as written: "smtp", "127.0.0.1:2525"
  std::string canonical;   // "25", "[127.0.0.1]:2525": as in master(8)'s warning
  std::string type;        // inet, unix, pass, fifo, unix-dgram
  std::string command;     // "smtpd"
  std::string host, port;  // inet only; an empty host means inet_interfaces
  std::vector<std::string> arguments;
  std::int64_t maxproc = 100;    // 0 = unlimited
  bool loopback_only = false;    // every listen address is 127/8 or ::1
  bool stress_eligible = false;  // master(8)'s rule plus stress_on_loopback
  // One pointer when stress is forced or the service not eligible. An smtpd's hold its cleanup service's content checks.
  SettingsPtr calm, stressed;
};

struct Config {
  std::string directory;          // "" when embedded
  bool embedded = false;          // no usable directory: the safe default on 127.0.0.1:2525
  SettingsPtr main;               // main.cf alone, no service's overrides
  std::vector<Service> services;  // in master.cf order; of all types, also those we do not run
  std::vector<Diagnostic> diagnostics;
};

struct LoadOptions {
  // "" = the embedded configuration: /etc/postfix is never picked up unasked. The command line resolves MAIL_CONFIG.
  std::string directory;
  std::vector<std::pair<std::string, std::string>> overrides;  // -o name=value
};

// The first fatal mistake is the Error; `all_errors`, where given, gets every one.
Result<Config> load(const LoadOptions& options, std::vector<Diagnostic>* all_errors = nullptr);

}  // namespace headgate::config
