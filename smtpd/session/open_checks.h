// open_checks: from the settings' table lists to the CheckSets of a service, one for calm, one for stress.
// Under stress a table with #@emergency marks keeps the marked rules only; stress_keeps_only_emergency_checks = yes drops
// the tables without marks too, = no keeps everything. A table that cannot be opened is never dropped: it fails its
// lookups, so that the mail is answered 451 and not let through unchecked.
//   Ownership the caller owns the CheckSets; `programs` is borrowed for the call, `warn` is kept by the tables.
//   Threads   call it once a thread: Lookups are not shared. The compiled Programs underneath are.
//   Errors    as Diagnostics: those of the tables once each, "open NAME: reason" (error) for a table that is not there.
//   Cost      each table is compiled once, however many lists and both sets name it; a set has one scratch memory.
//   Source    header_checks(5); architecture D10, §6.
#pragma once

#include <memory>

#include "engine/base/diagnostic.h"
#include "engine/checks/check_set.h"
#include "engine/checks/inspector.h"
#include "smtpd/config/settings.h"
#include "tables/open.h"

namespace headgate::session {

// Which rules of the tables are kept.
enum class Stage { full, emergency };

// header_checks … body_checks and milter_header_checks of one Settings. mime and nested share the header list when they name the same tables.
std::shared_ptr<checks::CheckSet> open_checks(const config::Settings& settings, Stage stage,
                                              rules::ProgramSource& programs,
                                              const WarningSink& warn);

// The Inspector's limits; drop_headers borrows from the Settings.
checks::Limits check_limits(const config::Settings& settings);

// The same for a message whose checks are switched off (receive_override_options = no_header_body_checks).
checks::Limits unchecked(checks::Limits limits);

struct ServiceChecks {
  std::shared_ptr<checks::CheckSet> calm, stressed;
};

// The lists themselves may differ: ${stress?{…}:{…}}. Where stress is forced on or off, both sets are what it says.
ServiceChecks open_service_checks(const config::Settings& calm, const config::Settings& stressed,
                                  rules::ProgramSource& programs, const WarningSink& warn);

}  // namespace headgate::session
