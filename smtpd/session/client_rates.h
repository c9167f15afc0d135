// client_rates: the session's side of anvil: which client is counted, and what it is told when it is over a limit.
//   Replies   and the first half of each warning are Postfix's to the letter; behind it stands the parameter that was hit.
//   Lifetime  borrows for the call.        Threads  a session's coroutine; the counts are shared (stress::Anvil).
//   Source    smtpd(8), smtpd.md §3.8. Not counted at all: smtpd_client_event_limit_exceptions (judge.h).
#pragma once

#include <optional>

#include "smtpd/session/verbs.h"

namespace headgate::session {

// A client's connection, counted as long as this lives.
class CountedClient {
 public:
  explicit CountedClient(Dialogue& dialogue);
  ~CountedClient();
  CountedClient(const CountedClient&) = delete;
  CountedClient& operator=(const CountedClient&) = delete;

  // 421 for too many at once or too many in anvil_rate_time_unit; logged.
  [[nodiscard]] std::optional<proto::Reply> objection();

 private:
  Dialogue& dialogue_;
  stress::Anvil::Connections connections_;
};

// Each counts one more of its kind and says whether that is too many.
std::optional<proto::Reply> over_message_rate(Dialogue& dialogue);    // MAIL
std::optional<proto::Reply> over_recipient_rate(Dialogue& dialogue);  // RCPT and VRFY
std::optional<proto::Reply> over_auth_rate(Dialogue& dialogue);       // AUTH

// "501 5.5.4 Syntax: MAIL FROM:<address>" and its like, "502 5.5.1 VRFY command is disabled": Postfix looks at the shape of a command, then counts it, then reads
// its address.
bool is_syntax_reply(const proto::Reply& reply);

// TLS: at STARTTLS one that was over the limit before is refused (454); a handshake that made a new session, not one that
// was resumed, counts, and may be one too many (421).
std::optional<proto::Reply> refused_starttls(Dialogue& dialogue);
std::optional<proto::Reply> over_new_tls_rate(Dialogue& dialogue);

}  // namespace headgate::session
