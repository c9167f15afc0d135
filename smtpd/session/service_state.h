// ServiceState: everything that a service's sessions read, opened: one for calm, one for stress. Switching is one pointer.
//   Ownership shared by the sessions that use it; goes with the last one after a reload.
//   Threads   one loop (tables hold scratch memory); the TLS parts any.
//   Errors    what cannot be opened fails closed later; `warn` hears of it now.
//   Source    architecture.md D10, §6.
#pragma once

#include <memory>

#include "engine/base/diagnostic.h"
#include "engine/checks/check_set.h"
#include "smtpd/access/access.h"
#include "smtpd/access/access_pool.h"
#include "smtpd/access/match_list.h"
#include "smtpd/config/settings.h"
#include "smtpd/net/tls_context.h"
#include "tables/maps.h"

namespace headgate::session {

struct ServiceState {
  config::SettingsPtr settings;
  std::shared_ptr<checks::CheckSet> checks;
  std::shared_ptr<access::Access> access;           // asked on the loop
  std::shared_ptr<access::AccessPool> access_pool;  // off the loop, where that must be asked apart
  std::shared_ptr<access::MatchList> limit_exceptions;    // smtpd_client_event_limit_exceptions
  bool needs_client_name = false;                         // a restriction asks for it
  std::shared_ptr<access::MatchList> forbidden_commands;  // smtpd_forbidden_commands
  // Null: no TLS is wanted, or it cannot be had. Whoever opens a service adds both: contexts outlive a change of tables.
  std::shared_ptr<net::TlsContext> tls;
  std::shared_ptr<net::TlsNames> tls_names;  // tls_server_sni_maps; null = none
  // smtpd_authorized_xclient_hosts, …_xforward_hosts, smtpd_forbid_bare_newline_exclusions
  std::shared_ptr<access::MatchList> xclient_hosts, xforward_hosts, bare_newline_exclusions;
  // smtpd_command_filter, smtpd_reject_footer_maps, smtpd_discard_ehlo_keyword_address_maps
  std::shared_ptr<tables::Maps> command_filter, footer_maps, ehlo_keyword_maps;
};

using StatePtr = std::shared_ptr<ServiceState>;

// What the access tables of a service's states have in common, while these are opened: those asked on the loop, and those
// asked apart from it.
struct AccessTables {
  access::SharedTables on_loop, apart;
};

StatePtr open_state(config::SettingsPtr settings, std::shared_ptr<checks::CheckSet> checks,
                    rules::ProgramSource& programs, AccessTables& tables, const WarningSink& warn);

}  // namespace headgate::session
