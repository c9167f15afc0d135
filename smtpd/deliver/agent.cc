// Tested by tests/smtpd/deliver/worker_test.cc and door_test.cc.
#include "smtpd/deliver/agent.h"

#include "smtpd/deliver/outcome.h"

namespace headgate::deliver {

namespace {

Program program_of(Agent agent) {
  switch (agent) {
    case Agent::smtp:
      return Program::smtp;
    case Agent::local:
      return Program::local;
    case Agent::virtual_:
      return Program::virtual_;
    case Agent::discard:
      return Program::discard;
    case Agent::error:
    case Agent::retry:
    case Agent::unknown:
      break;
  }
  return Program::error;
}

}  // namespace

Agent agent_of(const std::string& transport, const TransportCommands& commands) {
  const auto it = commands.find(transport);
  const std::string& command = it == commands.end() ? transport : it->second;
  if (command == "smtp" || command == "relay") return Agent::smtp;
  if (command == "local") return Agent::local;
  if (command == "virtual") return Agent::virtual_;
  if (command == "discard") return Agent::discard;
  // master.cf runs error(8) behind both names; the name decides whether the mail waits.
  if (transport == "retry") return Agent::retry;
  if (command == "error") return Agent::error;
  return Agent::unknown;
}

void log_outcomes(Agent agent, const queue::Delivery& delivery,
                  const std::vector<queue::Outcome>& outcomes, EventSink& log, WallTime now) {
  Event event;
  event.program = program_of(agent);
  const auto& recipients = delivery.file->envelope().recipients;
  for (std::size_t i = 0; i < outcomes.size() && i < delivery.recipients.size(); ++i) {
    const queue::Recipient& recipient = recipients[delivery.recipients[i]];
    event.text = log_line(delivery, recipient, outcomes[i], now);
    if (log.wants_fields()) {
      event.kind = "delivery";
      event.fields = log_fields(delivery, recipient, outcomes[i], now);
    }
    log.write(event);
  }
}

}  // namespace headgate::deliver
