// One function asks, `told` logs and turns the Decision into what the verbs need. Coroutines already, because the
// restrictions that ask DNS or a policy server will be.
// Tested by tests/smtp/relay_*.smtp and access_test.
#include "smtpd/session/judge.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::session {
namespace {

using access::Context;
using access::Decision;

Context context_of(const Dialogue& dialogue, std::string where) {
  const Session& session = dialogue.session;
  Context context;
  context.client_name = session.peer.name;
  context.client_address = session.peer.address;
  context.where = std::move(where);
  context.protocol = session.protocol;
  context.helo_name = session.helo;
  if (session.envelope) context.sender = session.envelope->sender;
  context.unauthorized_pipelining = session.ill_pipelining;
  context.authenticated = !session.sasl_username.empty();
  context.shown_client = session.peer.name_and_address();
  return context;
}

// A message to several is judged as a whole: naming one of its recipients would mislead.
Context context_of_message(const Dialogue& dialogue, std::string where) {
  Context context = context_of(dialogue, std::move(where));
  const auto& recipients = dialogue.session.envelope->recipients;
  if (recipients.size() == 1) context.recipient = recipients.front().address;
  return context;
}

std::vector<Field> refusal_fields(const EventSink& log, const proto::Reply& reply,
                                  const std::string& queue_id) {
  std::vector<Field> fields;
  if (log.wants_fields())
    fields = {
        {"queue_id", queue_id}, {"code", std::int64_t{reply.code}}, {"reply", reply.first_line()}};
  return fields;
}

Refusal told(const Dialogue& dialogue, const Decision& decision,
             const std::string& queue_id = "NOQUEUE") {
  const Session& session = dialogue.session;
  EventSink& log = dialogue.services.log;
  for (const std::string& warning : decision.warnings) session.log(log, Level::warning, warning);
  for (const std::string& note : decision.notes)
    session.log(log, Level::info, queue_id + ": " + note);
  if (decision.permits()) return std::nullopt;
  if (!decision.log.empty())
    session.log_as("reject", log, queue_id + ": " + decision.log,
                   refusal_fields(log, *decision.refusal, queue_id));
  return decision.refusal;
}

access::Access& access_of(const Dialogue& dialogue) { return *dialogue.session.state->access; }

// A list that cannot answer exempts nobody.
bool matches(const access::MatchList& list, std::string_view subject) {
  const Result<bool> answer = list.matches(subject);
  return answer && *answer;
}

bool matches_client(const access::MatchList& list, const Peer& peer) {
  const Result<bool> answer = list.matches_client(peer.name, peer.address);
  return answer && *answer;
}

}  // namespace

Task<Refusal> judge_client(Dialogue& dialogue, std::string where) {
  const Context context = context_of(dialogue, std::move(where));
  co_return told(dialogue, access_of(dialogue).client(context));
}

Task<Refusal> judge_helo(Dialogue& dialogue, std::string name, bool extended) {
  Context context = context_of(dialogue, extended ? "EHLO" : "HELO");
  context.helo_name = std::move(name);
  context.sender.reset();
  co_return told(dialogue, access_of(dialogue).helo(context));
}

Task<Refusal> judge_sender(Dialogue& dialogue, std::string sender) {
  Context context = context_of(dialogue, "MAIL");
  context.sender = std::move(sender);
  co_return told(dialogue, access_of(dialogue).sender(context));
}

Task<Refusal> judge_recipient(Dialogue& dialogue, std::string recipient) {
  Context context = context_of(dialogue, "RCPT");
  context.recipient = std::move(recipient);
  co_return told(dialogue, access_of(dialogue).recipient(context));
}

Task<Refusal> judge_verify(Dialogue& dialogue, std::string address) {
  Context context = context_of(dialogue, "VRFY");
  context.recipient = std::move(address);
  co_return told(dialogue, access_of(dialogue).verify(context));
}

Task<Refusal> judge_data(Dialogue& dialogue) {
  const Context context = context_of_message(dialogue, "DATA");
  co_return told(dialogue, access_of(dialogue).data(context));
}

Task<Refusal> judge_bdat(Dialogue& dialogue) {
  const Context context = context_of_message(dialogue, "BDAT");
  co_return told(dialogue, access_of(dialogue).data(context));
}

Task<Refusal> judge_etrn(Dialogue& dialogue, std::string domain) {
  Context context = context_of(dialogue, "ETRN");
  context.etrn_domain = std::move(domain);
  co_return told(dialogue, access_of(dialogue).etrn(context));
}

Task<Refusal> judge_end_of_data(Dialogue& dialogue, std::string queue_id) {
  const Context context = context_of_message(dialogue, "END-OF-MESSAGE");
  co_return told(dialogue, access_of(dialogue).end_of_data(context), queue_id);
}

bool is_local_client(const Session& session) {
  for (const std::string& item : session.settings().local_header_rewrite_clients) {
    if (text::equal_ignore_case(item, "permit_inet_interfaces")) {
      if (session.state->access->is_own_address(session.peer.address)) return true;
    } else if (text::equal_ignore_case(item, "permit_mynetworks")) {
      const Result<bool> ours = session.state->access->in_mynetworks(session.peer.address);
      if (ours && *ours) return true;
    }
  }
  return false;
}

bool may_xclient(const Session& session) {
  return matches_client(*session.state->xclient_hosts, session.peer);
}

bool may_xforward(const Session& session) {
  return matches_client(*session.state->xforward_hosts, session.peer);
}

proto::BareNewline bare_newline_mode(const Session& session) {
  const proto::BareNewline mode =
      proto::bare_newline_mode(session.settings().smtpd_forbid_bare_newline);
  const bool excluded = mode != proto::BareNewline::no &&
                        matches_client(*session.state->bare_newline_exclusions, session.peer);
  return excluded ? proto::BareNewline::no : mode;
}

// Who speaks for others is not limited as one client.
bool is_limit_exempt(const Session& session) {
  return may_xclient(session) || matches(*session.state->limit_exceptions, session.peer.address);
}

bool is_trusted(const Session& session) {
  const Result<bool> ours = session.state->access->in_mynetworks(session.peer.address);
  return ours && *ours;
}

bool is_forbidden_command(const Session& session, std::string_view word) {
  return matches(*session.state->forbidden_commands, word);
}

// A table that cannot answer hides nothing more than smtpd_discard_ehlo_keywords does, as in Postfix.
std::vector<std::string> hidden_keywords(const Dialogue& dialogue) {
  const Session& session = dialogue.session;
  const auto found = session.state->ehlo_keyword_maps->find(session.peer.address);
  if (!found) session.log(dialogue.services.log, Level::warning, found.error().text());
  if (found && *found) return text::split_list((*found)->value);
  return session.settings().smtpd_discard_ehlo_keywords;
}

}  // namespace headgate::session
