// RCPT TO and VRFY. RFC 5321 §4.1.1.3, §4.1.1.6; the restriction lists, in access's order. Tested by
// tests/smtp/relay_*.smtp, too_many_recipients.smtp.
#include "engine/base/text.h"
#include "smtpd/proto/replies.h"
#include "smtpd/session/client_rates.h"
#include "smtpd/session/judge.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {
namespace {

// What the client wrote is the original recipient, if it names no other (RFC 3461 §4.2).
std::string original_of(const proto::Rcpt& wish) {
  if (!wish.orcpt.empty()) return wish.orcpt;
  std::string_view path = wish.given;
  if (path.starts_with('<') && path.ends_with('>')) path = path.substr(1, path.size() - 2);
  return "rfc822;" + std::string(path);
}

}  // namespace

Task<Answer> rcpt(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  if (!session.in_transaction()) co_return Answer(proto::reply::need_mail());
  if (session.chunks != Session::Chunks::none) co_return Answer(proto::reply::after_bdat("RCPT"));
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed && is_syntax_reply(parsed.error())) co_return Answer(parsed.error());
  const std::optional<proto::Reply> too_many = over_recipient_rate(dialogue);
  if (too_many) co_return Answer(*too_many);
  if (!parsed) co_return Answer(parsed.error());
  const config::Settings& settings = session.settings();
  if (std::cmp_greater_equal(session.envelope->recipients.size(), settings.smtpd_recipient_limit)) {
    const bool failed = session.overshoot++ >= settings.smtpd_recipient_overshoot_limit;
    co_return Answer(proto::reply::too_many_recipients(), failed);
  }
  const auto& wish = std::get<proto::Rcpt>(*parsed);
  if (!wish.postmaster) {
    const Refusal refusal = co_await judge_recipient(dialogue, wish.recipient);
    if (refusal) co_return Answer(*refusal);
  }
  queue::Recipient recipient;
  recipient.address = wish.recipient;
  recipient.original = original_of(wish);
  recipient.notify = wish.notify;
  session.envelope->recipients.push_back(std::move(recipient));
  co_return Answer(proto::reply::recipient_ok());
}

Task<Answer> vrfy(Dialogue& dialogue, const proto::Request& request) {
  const auto parsed = request.parse(parse_rules(dialogue.session));
  if (!parsed && is_syntax_reply(parsed.error())) co_return Answer(parsed.error());
  const std::optional<proto::Reply> too_many = over_recipient_rate(dialogue);
  if (too_many) co_return Answer(*too_many);
  if (!parsed) co_return Answer(parsed.error());
  const auto& wish = std::get<proto::Vrfy>(*parsed);
  if (!text::equal_ignore_case(wish.address, "postmaster")) {  // as in RCPT
    const Refusal refusal = co_await judge_verify(dialogue, wish.address);
    if (refusal) co_return Answer(*refusal);
  }
  co_return Answer(proto::reply::verify_attempt(wish.argument));
}

}  // namespace headgate::session
