// Tested through the dialogues in tests/smtp.
#include "smtpd/session/service_state.h"

#include <utility>

namespace headgate::session {

StatePtr open_state(config::SettingsPtr settings, std::shared_ptr<checks::CheckSet> checks,
                    rules::ProgramSource& programs, const WarningSink& warn) {
  using access::MatchKind;
  using access::MatchList;
  auto state = std::make_shared<ServiceState>();
  state->settings = settings;
  state->checks = std::move(checks);
  state->access = std::make_shared<access::Access>(settings, programs, warn);
  state->limit_exceptions = std::make_shared<MatchList>(
      settings->smtpd_client_event_limit_exceptions, MatchKind::addresses, programs, warn);
  state->forbidden_commands = std::make_shared<MatchList>(settings->smtpd_forbidden_commands,
                                                          MatchKind::words, programs, warn);
  return state;
}

}  // namespace headgate::session
