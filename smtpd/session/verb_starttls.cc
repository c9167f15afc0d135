// STARTTLS, and the handshake that it shares with smtpd_tls_wrappermode. RFC 3207, RFC 8314; smtpd.md §3.3.
// A handshake that fails leaves a connection on which nothing can be said: it is closed, whatever the reason was.
// Tested by tests/smtp/starttls*.smtp and, with real clients, tests/e2e/tls_test.py.
#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/replies.h"
#include "smtpd/session/client_rates.h"
#include "smtpd/session/judge.h"
#include "smtpd/session/tls_policy.h"
#include "smtpd/session/tls_text.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {
namespace {

void log(const Dialogue& dialogue, Level level, std::string text) {
  dialogue.session.log(dialogue.services.log, level, std::move(text));
}

bool hides_starttls(const Dialogue& dialogue) {
  const std::vector<std::string> hidden = hidden_keywords(dialogue);
  return std::any_of(hidden.begin(), hidden.end(), [](const std::string& word) {
    return text::equal_ignore_case(word, "STARTTLS");
  });
}

// Where the handshake's log lines go.
net::TlsStart handshake(const Dialogue& dialogue) {
  const Session& session = dialogue.session;
  net::TlsStart how(session.state->tls);
  how.names = session.state->tls_names.get();
  how.timeout = session.settings().smtpd_starttls_timeout;
  how.trace = tls_log_level(session.settings()) >= 2;
  how.say = [&dialogue](Severity severity, std::string text) {
    log(dialogue, severity == Severity::info ? Level::info : Level::warning, std::move(text));
  };
  return how;
}

void log_failure(const Dialogue& dialogue, const Error& error) {
  const std::string from = dialogue.session.peer.name_and_address();
  std::string_view why = "-1";
  if (error.code == Code::timeout) why = "Connection timed out";
  if (error.code == Code::closed) why = "lost connection";
  if (error.code == Code::cancelled) why = "Interrupted system call";
  dialogue.session.log_as("tls_failure", dialogue.services.log,
                          fmt::format("SSL_accept error from {}: {}", from, why));
  if (error.code != Code::io) return;
  for (const std::string_view problem : text::split(error.what, "\n"))
    log(dialogue, Level::warning, text::printable(problem));
}

// Besides protocol and cipher, which are among the session's.
std::vector<Field> facts(const EventSink& sink, const net::TlsInfo& tls) {
  std::vector<Field> fields;
  if (!sink.wants_fields()) return fields;
  fields.push_back({"tls_reused", std::int64_t{tls.reused}});
  if (!tls.server_name.empty()) fields.push_back({"tls_server_name", tls.server_name});
  if (tls.peer == net::TlsInfo::Peer::anonymous) return fields;
  fields.push_back({"tls_peer_trusted", std::int64_t{tls.peer == net::TlsInfo::Peer::trusted}});
  fields.push_back({"tls_peer_fingerprint", tls.fingerprint});
  return fields;
}

void log_success(const Dialogue& dialogue, int log_level) {
  const net::TlsInfo& tls = *dialogue.session.tls;
  const std::string from = dialogue.session.peer.name_and_address();
  if (log_level < 1) return;
  if (tls.peer == net::TlsInfo::Peer::untrusted)
    log(dialogue, Level::info,
        fmt::format("certificate verification failed for {}: {}", from, tls.verify_error));
  if (log_level >= 2) {
    if (tls.peer != net::TlsInfo::Peer::anonymous)
      log(dialogue, Level::info, tls_peer_line(tls, from));
    if (tls.reused)
      log(dialogue, Level::info,
          fmt::format("{}: Reusing old session (RFC 5077 session ticket)", from));
  }
  dialogue.session.log_as("tls", dialogue.services.log, tls_summary(tls, from),
                          facts(dialogue.services.log, tls));
}

// smtpd_tls_req_ccert, once TLS is on: the client can still be told.
std::optional<proto::Reply> judge_certificate(const Dialogue& dialogue) {
  const Session& session = dialogue.session;
  if (!requires_client_certificate(session.settings())) return std::nullopt;
  if (session.tls->peer == net::TlsInfo::Peer::trusted) return std::nullopt;
  const std::string_view why = session.tls->peer == net::TlsInfo::Peer::anonymous
                                   ? "No client certificate presented"
                                   : "Client certificate not trusted";
  log(dialogue, Level::info,
      fmt::format("NOQUEUE: abort: TLS from {}: {}", session.peer.name_and_address(), why));
  return proto::reply::certificate_wanted(session.settings().myhostname, why);
}

}  // namespace

Task<std::optional<proto::Reply>> begin_tls(Dialogue& dialogue) {
  Session& session = dialogue.session;
  const int log_level = tls_log_level(session.settings());
  if (log_level >= 2) {
    const std::string from = session.peer.name_and_address();
    log(dialogue, Level::info, fmt::format("setting up TLS connection from {}", from));
    log(dialogue, Level::info,
        fmt::format("{}: TLS cipher list \"{}\"", from, session.state->tls->options().ciphers));
  }
  const net::TlsStart how = handshake(dialogue);
  if (dialogue.states != nullptr) dialogue.states->waits(session);
  Result<net::TlsInfo> tls = co_await dialogue.wire.start_tls(how);
  if (dialogue.states != nullptr) dialogue.makes_room = dialogue.states->resumes();
  if (dialogue.makes_room) {
    dialogue.wire_failure = Error{Code::cancelled, "makes room", {}};
    co_return std::nullopt;
  }
  if (!tls) {
    log_failure(dialogue, tls.error());
    dialogue.wire_failure = Error{Code::closed, "TLS handshake failed", {}};
    co_return std::nullopt;
  }
  session.tls = std::make_unique<const net::TlsInfo>(std::move(*tls));
  log_success(dialogue, log_level);
  std::optional<proto::Reply> refusal = judge_certificate(dialogue);
  if (!session.tls->reused && !refusal) refusal = over_new_tls_rate(dialogue);
  co_return refusal;
}

Task<Answer> starttls(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed) co_return Answer(parsed.error());
  if (session.tls) co_return Answer(proto::reply::tls_already_active());
  if (!uses_tls(session.settings()) || hides_starttls(dialogue))
    co_return Answer(proto::reply::not_implemented());
  if (!session.state->tls) co_return Answer(proto::reply::tls_unavailable());
  std::optional<proto::Reply> refusal = refused_starttls(dialogue);
  if (refusal) co_return Answer(std::move(*refusal));

  dialogue.wire.queue(proto::reply::ready_to_start_tls().bytes());
  const Result<void> flushed = co_await dialogue.wire.flush();
  if (!flushed) {
    dialogue.wire_failure = flushed.error();
    co_return Answer(proto::reply::ready_to_start_tls(), true);
  }
  session.forget_transaction();
  session.helo.reset();
  session.dsn_hidden = session.chunking_hidden = session.smtputf8_hidden = false;
  refusal = co_await begin_tls(dialogue);
  if (refusal) co_return Answer(std::move(*refusal), false);
  Answer answer(proto::reply::ready_to_start_tls(), dialogue.wire_failure.has_value());
  answer.sent = true;
  co_return answer;
}

}  // namespace headgate::session
