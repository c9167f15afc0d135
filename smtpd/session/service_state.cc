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
  return state;
}

}  // namespace headgate::session
