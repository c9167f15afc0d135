// The cleanup service of an smtpd service: the master.cf entry whose -o settings hold for what only cleanup reads.
//   Errors    Code::invalid: cleanup_service_name names no such entry. In Postfix smtpd would try to connect every ten
//             seconds ("connect #1 to subsystem public/NAME: No such file or directory"), and the client waits at RCPT TO.
//   Source    cleanup(8), smtpd(8), master(5), as Postfix 3.7.11 does it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "smtpd/config/master_cf.h"

namespace headgate::config {

// Its -o settings; none where nobody chose a service and master.cf has none: then cleanup is as main.cf says.
Result<Layer> cleanup_overrides(const std::vector<MasterEntry>& entries, const std::string& name);

// The warning about -o settings of an smtpd entry that only cleanup would read: they do nothing there.
std::optional<Diagnostic> overrides_without_effect(const MasterEntry& smtpd);

}  // namespace headgate::config
