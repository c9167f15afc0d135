// FrontState: what a FRONT that gives way knows and its successor shall know: how stressed each service is and since when, what is
// remembered of clients, what they did in this minute, the history, what was refused, the keys of session tickets.
//   Form      bytes in memory that has no name; MASTER passes the descriptor on and does not look. Another version of the
//             program begins anew.
//   Errors    decode(), read_state(): Code::corrupt, Code::limit; then the successor knows nothing, and serves.
//   Source    docs/roles.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "smtpd/cli/tls_contexts.h"
#include "smtpd/stress/anvil.h"
#include "smtpd/stress/controller.h"
#include "smtpd/stress/history.h"
#include "smtpd/stress/reputation.h"
#include "smtpd/stress/tally.h"

namespace headgate::cli {

struct FrontState {
  std::map<std::string, stress::Controller::Memory> services;  // by canonical name
  stress::Reputation::Clients clients;
  std::vector<stress::Anvil::Client> rates;
  std::vector<stress::Change> history;
  stress::Tally::Counts refusals{};
  TlsContexts::TicketKeys ticket_keys;
};

std::string encode(const FrontState& state);
Result<FrontState> decode_front_state(std::string_view bytes);

// Into memory of its own; the bytes are wiped.
Result<Fd> keep_state(std::string bytes);
Result<std::string> read_state(const Fd& memory);

}  // namespace headgate::cli
