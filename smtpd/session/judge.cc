// One function asks, `told` logs and turns the Decision into what the verbs need. A question that comes to a table that may
// wait for another program is put once more, off the loop, with the coroutine waiting for it.
// Tested by tests/smtp/relay_*.smtp and access_test.
#include "smtpd/session/judge.h"

#include <functional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::session {
namespace {

using access::Context;
using access::Decision;
using access::Line;

Context context_of(const Dialogue& dialogue, std::string where) {
  const Session& session = dialogue.session;
  Context context;
  context.client_name = session.peer.name;
  context.client_address = session.peer.address;
  context.reverse_name = session.peer.reverse_name;
  context.where = std::move(where);
  context.protocol = session.protocol;
  context.helo_name = session.helo;
  if (session.envelope) context.sender = session.envelope->sender;
  context.unauthorized_pipelining = session.ill_pipelining;
  context.login = session.sasl_username;
  if (session.tls) {
    context.certificate_fingerprint = session.tls->fingerprint;
    context.key_fingerprint = session.tls->public_key_fingerprint;
  }
  context.discarding = session.effects.discard;
  context.holding = session.effects.hold;
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

// Logged, and the effects on the message kept.
Refusal told(const Dialogue& dialogue, Decision decision, const std::string& queue_id = "NOQUEUE") {
  Session& session = dialogue.session;
  EventSink& log = dialogue.services.log;
  for (const Line& line : decision.lines) {
    switch (line.kind) {
      case Line::Kind::warning:
        session.log(log, Level::warning, line.text);
        break;
      case Line::Kind::info:
        session.log(log, Level::info, line.text);
        break;
      case Line::Kind::note:
        session.log(log, Level::info, queue_id + ": " + line.text);
        break;
      case Line::Kind::refusal:
        session.log_as("reject", log, queue_id + ": " + line.text,
                       refusal_fields(log, *decision.refusal, queue_id));
        break;
    }
  }
  session.effects.add(std::move(decision.effects));
  return std::move(decision.refusal);
}

using Question = std::function<Decision(access::Access&)>;

// Nobody could be asked: too many wait already, or there is no thread to be had.
Decision unanswered(const Context& context, const Error& why) {
  const std::string about = context.recipient ? *context.recipient : context.client();
  Decision decision;
  decision.deferral = context.deferral;
  decision.refusal =
      proto::Reply(451, "4.3.0", fmt::format("<{}>: Temporary lookup failure", about));
  decision.lines = {
      {Line::Kind::warning, fmt::format("access tables: {}", why.text())},
      {Line::Kind::refusal, access::log_line(context, "reject", decision.refusal->first_line())}};
  return decision;
}

// The answer, apart from the loop where it may take long: most questions never come to the table for which that is so.
Task<Decision> answer(Dialogue& dialogue, const Context& context, Question question) {
  const StatePtr state = dialogue.session.state;
  Decision decision = question(*state->access);
  if (!decision.must_ask_apart || !state->access_pool) co_return decision;
  const std::function<Result<void>()> work = [&]() -> Result<void> {
    decision = state->access_pool->ask(question);
    return {};
  };
  const std::chrono::milliseconds patience = state->settings->smtpd_timeout;
  const Result<void> done =
      co_await dialogue.services.loop.ask(state->access_pool.get(), patience, work);
  if (!done) co_return unanswered(context, done.error());
  co_return decision;
}

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
  const Question question = [&context](access::Access& access) { return access.client(context); };
  Decision decision = co_await answer(dialogue, context, question);
  dialogue.session.deferrals.client = decision.deferral;
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_helo(Dialogue& dialogue, std::string name, bool extended) {
  Context context = context_of(dialogue, extended ? "EHLO" : "HELO");
  context.helo_name = std::move(name);
  context.deferral = dialogue.session.deferrals.client;
  const Question question = [&context](access::Access& access) { return access.helo(context); };
  Decision decision = co_await answer(dialogue, context, question);
  dialogue.session.deferrals.helo = decision.deferral;
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_sender(Dialogue& dialogue, std::string sender) {
  Session::Deferrals& deferrals = dialogue.session.deferrals;
  Context context = context_of(dialogue, "MAIL");
  context.sender = std::move(sender);
  context.deferral = deferrals.helo ? deferrals.helo : deferrals.client;
  const Question question = [&context](access::Access& access) { return access.sender(context); };
  Decision decision = co_await answer(dialogue, context, question);
  if (!dialogue.session.settings().smtpd_delay_reject) deferrals.sender = decision.deferral;
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_recipient(Dialogue& dialogue, std::string recipient) {
  Context context = context_of(dialogue, "RCPT");
  context.recipient = std::move(recipient);
  context.deferral = dialogue.session.deferrals.sender;
  const Question question = [&context](access::Access& access) {
    return access.recipient(context);
  };
  Decision decision = co_await answer(dialogue, context, question);
  dialogue.session.deferrals.sender = decision.deferral;
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_verify(Dialogue& dialogue, std::string address) {
  Context context = context_of(dialogue, "VRFY");
  context.recipient = std::move(address);
  context.deferral = dialogue.session.deferrals.sender;
  const Question question = [&context](access::Access& access) { return access.verify(context); };
  Decision decision = co_await answer(dialogue, context, question);
  dialogue.session.deferrals.sender = decision.deferral;
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_data(Dialogue& dialogue) {
  const Context context = context_of_message(dialogue, "DATA");
  const Question question = [&context](access::Access& access) { return access.data(context); };
  Decision decision = co_await answer(dialogue, context, question);
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_bdat(Dialogue& dialogue) {
  const Context context = context_of_message(dialogue, "BDAT");
  const Question question = [&context](access::Access& access) { return access.data(context); };
  Decision decision = co_await answer(dialogue, context, question);
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_etrn(Dialogue& dialogue, std::string domain) {
  Context context = context_of(dialogue, "ETRN");
  context.etrn_domain = std::move(domain);
  const Session::Deferrals& deferrals = dialogue.session.deferrals;
  context.deferral = deferrals.helo ? deferrals.helo : deferrals.client;
  const Question question = [&context](access::Access& access) { return access.etrn(context); };
  Decision decision = co_await answer(dialogue, context, question);
  co_return told(dialogue, std::move(decision));
}

Task<Refusal> judge_end_of_data(Dialogue& dialogue, std::string queue_id) {
  const Context context = context_of_message(dialogue, "END-OF-MESSAGE");
  const Question question = [&context](access::Access& access) {
    return access.end_of_data(context);
  };
  Decision decision = co_await answer(dialogue, context, question);
  co_return told(dialogue, std::move(decision), queue_id);
}

bool is_local_client(const Session& session) {
  for (const std::string& item : session.settings().local_header_rewrite_clients) {
    if (text::equal_ignore_case(item, "permit_inet_interfaces")) {
      if (session.state->access->is_own_address(session.peer.address)) return true;
    } else if (text::equal_ignore_case(item, "permit_mynetworks")) {
      const Result<bool> ours =
          session.state->access->in_mynetworks(session.peer.name, session.peer.address);
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
  return may_xclient(session) || matches_client(*session.state->limit_exceptions, session.peer);
}

bool is_trusted(const Session& session) {
  const Result<bool> ours =
      session.state->access->in_mynetworks(session.peer.name, session.peer.address);
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
