// Tested through the dialogues in tests/smtp.
#include "smtpd/session/service_state.h"

#include <utility>

#include "engine/base/text.h"

namespace headgate::session {

namespace {

// Those that look at the client's name, or at a table that may hold it. What is new and not known here is taken for one.
bool asks_for_client_name(const config::Settings& settings) {
  for (const auto* list :
       {&settings.smtpd_client_restrictions, &settings.smtpd_helo_restrictions,
        &settings.smtpd_sender_restrictions, &settings.smtpd_relay_restrictions,
        &settings.smtpd_recipient_restrictions, &settings.smtpd_data_restrictions,
        &settings.smtpd_end_of_data_restrictions}) {
    for (const std::string& restriction : *list) {
      const std::string name = text::lower(restriction);
      if (name.find("client") != std::string::npos || name.find("reverse") != std::string::npos ||
          name.find("policy") != std::string::npos)
        return true;
    }
  }
  return false;
}

}  // namespace

StatePtr open_state(config::SettingsPtr settings, std::shared_ptr<checks::CheckSet> checks,
                    rules::ProgramSource& programs, const WarningSink& warn) {
  using access::MatchKind;
  using access::MatchList;
  auto state = std::make_shared<ServiceState>();
  state->settings = settings;
  state->checks = std::move(checks);
  state->needs_client_name = asks_for_client_name(*settings);
  state->access = std::make_shared<access::Access>(settings, programs, warn);
  state->limit_exceptions = std::make_shared<MatchList>(
      settings->smtpd_client_event_limit_exceptions, MatchKind::addresses, programs, warn);
  state->forbidden_commands = std::make_shared<MatchList>(settings->smtpd_forbidden_commands,
                                                          MatchKind::words, programs, warn);
  const auto clients = [&](const std::vector<std::string>& items) {
    return std::make_shared<MatchList>(items, MatchKind::clients, programs, warn);
  };
  state->xclient_hosts = clients(settings->smtpd_authorized_xclient_hosts);
  state->xforward_hosts = clients(settings->smtpd_authorized_xforward_hosts);
  state->bare_newline_exclusions = clients(settings->smtpd_forbid_bare_newline_exclusions);
  const auto maps = [&](const std::vector<std::string>& specs) {
    return std::make_shared<tables::Maps>(specs, programs, warn);
  };
  state->command_filter = maps(settings->smtpd_command_filter);
  state->footer_maps = maps(settings->smtpd_reject_footer_maps);
  state->ehlo_keyword_maps = maps(settings->smtpd_discard_ehlo_keyword_address_maps);
  return state;
}

}  // namespace headgate::session
