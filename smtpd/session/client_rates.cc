// Tested by client_rates_test, tests/smtp/rate_*.smtp and tests/e2e/client_limits_test.py.
#include "smtpd/session/client_rates.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "smtpd/proto/replies.h"
#include "smtpd/session/judge.h"
#include "smtpd/stress/client_range.h"

namespace headgate::session {
namespace {

using stress::Anvil;
using Objection = std::optional<proto::Reply>;

// "Connection rate limit exceeded: 7 from name[addr] for service smtp (smtpd_client_connection_rate_limit = 6 …)"
void warn(Dialogue& dialogue, std::string_view what, std::int64_t count, std::string_view parameter,
          std::int64_t limit, bool is_rate) {
  const Session& session = dialogue.session;
  std::string hit = fmt::format("{} = {}", parameter, limit);
  if (is_rate)
    hit += fmt::format(", anvil_rate_time_unit = {}s",
                       session.settings().anvil_rate_time_unit.count());
  session.log(dialogue.services.log, Level::warning,
              fmt::format("{} limit exceeded: {} from {} for service {} ({})", what, count,
                          session.peer.name_and_address(), session.service, hit));
}

// True when this event is one too many; noted under `cause`. An exempt client's ident is empty: it is not counted.
bool over(Dialogue& dialogue, Anvil::Rate rate, std::int64_t limit, std::string_view what,
          std::string_view parameter, stress::Cause cause) {
  const std::string& ident = dialogue.session.anvil_ident;
  if (ident.empty()) return false;
  const std::int64_t count = dialogue.services.stress.anvil.count(ident, rate);
  if (limit == 0 || count <= limit) return false;
  warn(dialogue, what, count, parameter, limit, true);
  dialogue.services.stress.tally.add(cause);
  return true;
}

std::string ident_of(const Session& session) {
  const config::Settings& settings = session.settings();
  return session.service + ":" +
         stress::client_range(session.peer.address, settings.smtpd_client_ipv4_prefix_length,
                              settings.smtpd_client_ipv6_prefix_length);
}

}  // namespace

CountedClient::CountedClient(Dialogue& dialogue) : dialogue_(dialogue) {
  if (is_limit_exempt(dialogue.session)) return;
  dialogue.session.anvil_ident = ident_of(dialogue.session);
  connections_ = dialogue.services.stress.anvil.connected(dialogue.session.anvil_ident);
}

CountedClient::~CountedClient() {
  // Where the connection itself was not counted (no room), neither is its end.
  if (connections_.now != 0)
    dialogue_.services.stress.anvil.disconnected(dialogue_.session.anvil_ident);
}

Objection CountedClient::objection() {
  const config::Settings& settings = dialogue_.session.settings();
  const std::int64_t count_limit = settings.smtpd_client_connection_count_limit;
  const std::int64_t rate_limit = settings.smtpd_client_connection_rate_limit;
  if (count_limit != 0 && connections_.now > count_limit) {
    warn(dialogue_, "Connection concurrency", connections_.now,
         "smtpd_client_connection_count_limit", count_limit, false);
    dialogue_.services.stress.tally.add(stress::Cause::connection_count);
  } else if (rate_limit != 0 && connections_.rate > rate_limit) {
    warn(dialogue_, "Connection rate", connections_.rate, "smtpd_client_connection_rate_limit",
         rate_limit, true);
    dialogue_.services.stress.tally.add(stress::Cause::connection_rate);
  } else {
    return std::nullopt;
  }
  return proto::reply::too_many_connections(settings.myhostname, dialogue_.session.peer.address);
}

bool is_syntax_reply(const proto::Reply& reply) {
  return reply.code == 502 || reply.lines.front().starts_with("Syntax: ");
}

Objection over_message_rate(Dialogue& dialogue) {
  const Session& session = dialogue.session;
  if (!over(dialogue, Anvil::Rate::message, session.settings().smtpd_client_message_rate_limit,
            "Message delivery request rate", "smtpd_client_message_rate_limit",
            stress::Cause::message_rate))
    return std::nullopt;
  return proto::reply::too_much_mail(session.peer.address);
}

Objection over_recipient_rate(Dialogue& dialogue) {
  const Session& session = dialogue.session;
  if (!over(dialogue, Anvil::Rate::recipient, session.settings().smtpd_client_recipient_rate_limit,
            "Recipient address rate", "smtpd_client_recipient_rate_limit",
            stress::Cause::recipient_rate))
    return std::nullopt;
  return proto::reply::too_many_recipients_from(session.peer.address);
}

Objection over_auth_rate(Dialogue& dialogue) {
  const Session& session = dialogue.session;
  if (!over(dialogue, Anvil::Rate::auth, session.settings().smtpd_client_auth_rate_limit,
            "AUTH command rate", "smtpd_client_auth_rate_limit", stress::Cause::auth_rate))
    return std::nullopt;
  return proto::reply::too_many_auth(session.peer.address);
}

Objection refused_starttls(Dialogue& dialogue) {
  const Session& session = dialogue.session;
  const std::int64_t limit = session.settings().smtpd_client_new_tls_session_rate_limit;
  if (limit == 0 || session.anvil_ident.empty()) return std::nullopt;
  const std::int64_t count =
      dialogue.services.stress.anvil.rate(session.anvil_ident, Anvil::Rate::new_tls);
  if (count <= limit) return std::nullopt;
  dialogue.services.stress.tally.add(stress::Cause::new_tls_session_rate);
  session.log(dialogue.services.log, Level::warning,
              fmt::format("Refusing {} request from {} for service {} "
                          "(smtpd_client_new_tls_session_rate_limit = {})",
                          session.settings().smtpd_tls_wrappermode ? "TLS service" : "STARTTLS",
                          session.peer.name_and_address(), session.service, limit));
  return proto::reply::too_many_tls_sessions(session.peer.name_and_address());
}

Objection over_new_tls_rate(Dialogue& dialogue) {
  const Session& session = dialogue.session;
  const config::Settings& settings = session.settings();
  if (!over(dialogue, Anvil::Rate::new_tls, settings.smtpd_client_new_tls_session_rate_limit,
            "New TLS session rate", "smtpd_client_new_tls_session_rate_limit",
            stress::Cause::new_tls_session_rate))
    return std::nullopt;
  return proto::reply::too_many_tls_handshakes(settings.myhostname,
                                               session.peer.name_and_address());
}

}  // namespace headgate::session
