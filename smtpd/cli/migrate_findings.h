// MigrationFindings: what a configuration means here, parameter by parameter and service by service; from the one table of
// parameters (smtpd/config/params), so that it says what `headgate check` and docs/compat.md say.
//   Threads   pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtpd/config/source.h"

namespace headgate::cli {

enum class FindingKind : std::uint8_t {
  carried,      // does here what it does in Postfix
  changed,      // written differently in the new directory
  differs,      // acts, with a difference
  unused,       // a name of Postfix's that changes nothing here yet
  unsupported,  // something to do for whoever moves
  unknown,      // no parameter of anybody's
  failed,       // could not be carried over
};

std::string_view title_of(FindingKind kind);

struct MigrationFinding {
  FindingKind kind = FindingKind::carried;
  std::string where;  // "main.cf, line 3"
  std::string what;   // "header_checks", "hash:/etc/postfix/access"
  std::string text;   // the difference, the reason, what to do
};

std::vector<MigrationFinding> findings_of(const config::Source& source);

}  // namespace headgate::cli
