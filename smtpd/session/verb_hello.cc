// HELO, EHLO. RFC 5321 §4.1.1.1; smtpd_helo_restrictions (at RCPT when smtpd_delay_reject). Tested by tests/smtp/hello.smtp.
#include "smtpd/proto/capabilities.h"
#include "smtpd/proto/replies.h"
#include "smtpd/session/judge.h"
#include "smtpd/session/tls_policy.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {
namespace {

proto::Capabilities capabilities(const Dialogue& dialogue) {
  const Session& session = dialogue.session;
  const config::Settings& settings = session.settings();
  proto::Features features;
  features.starttls = !session.tls && session.state->tls && uses_tls(settings);
  features.message_size_limit = static_cast<std::uint64_t>(settings.message_size_limit);
  features.vrfy = !settings.disable_vrfy_command;
  features.smtputf8 = settings.smtputf8_enable;
  features.xclient = may_xclient(session);
  features.xforward = may_xforward(session);
  return {features, hidden_keywords(dialogue)};
}

Task<Answer> hello(Dialogue& dialogue, const proto::Request& request, bool extended) {
  Session& session = dialogue.session;
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed) co_return Answer(parsed.error());
  const std::string& name = std::get<proto::Hello>(*parsed).name;
  const Refusal refusal = co_await judge_helo(dialogue, name, extended);
  if (refusal) co_return Answer(*refusal);
  session.forget_transaction();
  session.helo = name;
  if (extended) session.protocol = "ESMTP";  // and stays, as Postfix has it, after a later HELO
  session.dsn_hidden = session.chunking_hidden = session.smtputf8_hidden = false;
  if (!extended) co_return Answer(proto::Reply(250, "", session.settings().myhostname));
  const proto::Capabilities offered = capabilities(dialogue);
  session.dsn_hidden = !offered.offers("DSN");
  session.smtputf8_hidden = !offered.offers("SMTPUTF8");
  session.chunking_hidden = !offered.offers("CHUNKING");
  if (!offered.discard_log().empty())
    session.log(dialogue.services.log, Level::info, offered.discard_log());
  co_return Answer(offered.ehlo_reply(session.settings().myhostname));
}

}  // namespace

Task<Answer> helo(Dialogue& dialogue, const proto::Request& request) {
  Answer answer = co_await hello(dialogue, request, false);
  co_return answer;
}

Task<Answer> ehlo(Dialogue& dialogue, const proto::Request& request) {
  Answer answer = co_await hello(dialogue, request, true);
  co_return answer;
}

}  // namespace headgate::session
