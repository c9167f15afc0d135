// Tested through the dialogues in tests/smtp.
#include "smtpd/session/service_state.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace headgate::session {

namespace {

// Those that look at the client's name, or at a table that may hold it. What is new and not known here is taken for one.
bool asks_for_client_name(const std::vector<std::string>& list) {
  for (const std::string& restriction : list) {
    const std::string name = text::lower(restriction);
    if (name.find("client") != std::string::npos || name.find("reverse") != std::string::npos ||
        name.find("policy") != std::string::npos)
      return true;
  }
  return false;
}

bool asks_for_client_name(const config::Settings& settings) {
  for (const auto* list :
       {&settings.smtpd_client_restrictions, &settings.smtpd_helo_restrictions,
        &settings.smtpd_sender_restrictions, &settings.smtpd_relay_restrictions,
        &settings.smtpd_recipient_restrictions, &settings.smtpd_data_restrictions,
        &settings.smtpd_end_of_data_restrictions, &settings.smtpd_etrn_restrictions}) {
    if (asks_for_client_name(*list)) return true;
  }
  for (const auto& [name, list] : settings.restriction_classes) {
    if (asks_for_client_name(list)) return true;
  }
  // A table without check_*_access before it is asked about the client there, also in a class.
  const auto& of_client = settings.smtpd_client_restrictions;
  return std::any_of(of_client.begin(), of_client.end(), [&](const std::string& item) {
    return item.find(':') != std::string::npos || settings.restriction_classes.contains(item);
  });
}

}  // namespace

StatePtr open_state(config::SettingsPtr settings, std::shared_ptr<checks::CheckSet> checks,
                    rules::ProgramSource& programs, AccessTables& tables, const WarningSink& warn) {
  using access::MatchKind;
  using access::MatchList;
  using access::Opening;
  using access::Waits;
  auto state = std::make_shared<ServiceState>();
  state->settings = settings;
  state->checks = std::move(checks);
  state->access = std::make_shared<access::Access>(
      settings, Opening{programs, warn, Waits::apart, &tables.on_loop});
  if (state->access->may_wait())
    state->access_pool = std::make_shared<access::AccessPool>(settings, programs, tables.apart);
  state->needs_client_name =
      asks_for_client_name(*settings) || state->access->mynetworks_have_names();
  // All that follows is asked on the loop.
  const Opening on_loop{programs, warn, Waits::no, &tables.on_loop, settings->smtputf8_enable};
  const auto clients = [&](const std::vector<std::string>& items, std::string_view parameter) {
    return std::make_shared<MatchList>(items, access::kind_of_clients(*settings, parameter),
                                       on_loop, parameter);
  };
  state->forbidden_commands = std::make_shared<MatchList>(
      settings->smtpd_forbidden_commands, MatchKind::words, on_loop, "smtpd_forbidden_commands");
  state->limit_exceptions =
      clients(settings->smtpd_client_event_limit_exceptions, "smtpd_client_event_limit_exceptions");
  state->xclient_hosts =
      clients(settings->smtpd_authorized_xclient_hosts, "smtpd_authorized_xclient_hosts");
  state->xforward_hosts =
      clients(settings->smtpd_authorized_xforward_hosts, "smtpd_authorized_xforward_hosts");
  state->bare_newline_exclusions = clients(settings->smtpd_forbid_bare_newline_exclusions,
                                           "smtpd_forbid_bare_newline_exclusions");
  const auto maps = [&](const std::vector<std::string>& specs) {
    auto opened = std::make_shared<tables::Maps>(specs, programs, warn);
    opened->refuse_waiting(warn);
    return opened;
  };
  state->command_filter = maps(settings->smtpd_command_filter);
  state->footer_maps = maps(settings->smtpd_reject_footer_maps);
  state->ehlo_keyword_maps = maps(settings->smtpd_discard_ehlo_keyword_address_maps);
  return state;
}

}  // namespace headgate::session
