// XCLIENT and XFORWARD: a trusted client (smtpd_authorized_xclient_hosts, smtpd_authorized_xforward_hosts) speaks for
// another. After XCLIENT the session is that client's and begins anew; what it may do is asked anew as well. XFORWARD says
// whom the next message is from: in the log, in the queue file, never for access decisions.
// Counted as good when it is; Postfix counts every XCLIENT as failed (smtpd.md §12, 14).
// Tested by tests/smtp/xclient*.smtp, xforward*.smtp, tests/e2e/clients_test.py.
#include <utility>

#include "smtpd/proto/replies.h"
#include "smtpd/session/judge.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {
namespace {

// nullopt: may go on.
std::optional<proto::Reply> objection(const Session& session, const proto::Request& request,
                                      bool authorized) {
  if (session.in_transaction()) return proto::reply::in_transaction();
  if (authorized || !request.has_arguments()) return std::nullopt;  // parse() tells of the latter
  return proto::reply::insufficient_authorization();
}

template <class T>
void take(const std::optional<T>& given, T& field) {
  if (given) field = *given;
}

void become(Session& session, const proto::Xclient& client) {
  take(client.name, session.peer.name);
  take(client.reverse_name, session.peer.reverse_name);
  take(client.address, session.peer.address);
  take(client.port, session.peer.port);
  take(client.server_address, session.peer.server_address);
  take(client.server_port, session.peer.server_port);
  if (client.login) {
    session.sasl_method = "XCLIENT";
    session.sasl_username = *client.login;
  }
  session.begin_again();
  session.helo = client.helo;
  take(client.protocol, session.protocol);
}

}  // namespace

Task<Answer> xclient(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  const auto wrong = objection(session, request, may_xclient(session));
  if (wrong) co_return Answer(*wrong);
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed) co_return Answer(parsed.error());
  become(session, std::get<proto::Xclient>(*parsed));
  watch_pipelining(dialogue, "XCLIENT");  // as before the first greeting
  if (is_out_of_step(session)) co_return Answer(proto::reply::protocol_synchronization());
  session.denied = co_await judge_client(dialogue, "XCLIENT");
  if (session.denied) co_return Answer(*session.denied);
  co_return Answer(proto::reply::greeting(session.settings().smtpd_banner));
}

Task<Answer> xforward(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  const auto wrong = objection(session, request, may_xforward(session));
  if (wrong) co_return Answer(*wrong);
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed) co_return Answer(parsed.error());
  session.forwarded.add(std::get<proto::Xforward>(*parsed));
  co_return Answer(proto::reply::ok());
}

}  // namespace headgate::session
