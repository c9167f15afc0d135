// MAIL FROM. RFC 5321 §4.1.1.2, RFC 1870, RFC 3461; smtpd_sender_restrictions (at RCPT when delayed).
// The declared size is forgotten when MAIL is refused (Postfix keeps it until RSET: smtpd.md §12, 9).
// Tested by tests/smtp (sequence, too_big, disk_full …).
#include "smtpd/proto/replies.h"
#include "smtpd/session/client_rates.h"
#include "smtpd/session/judge.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {
namespace {

// smtpd_check_queue: room for this message and half another of the largest, above queue_minfree.
std::optional<proto::Reply> check_queue(const Dialogue& dialogue, std::uint64_t declared_bytes) {
  const config::Settings& settings = dialogue.session.settings();
  const Result<std::uint64_t> free = dialogue.services.spool.free_bytes();
  if (!free) {
    dialogue.session.log(dialogue.services.log, Level::warning, free.error().text());
    return proto::reply::queue_write_error();
  }
  const auto limit = static_cast<std::uint64_t>(settings.message_size_limit);
  const auto reserve = static_cast<std::uint64_t>(settings.queue_minfree);
  if (*free > reserve && *free > limit + limit / 2 && *free > declared_bytes) return std::nullopt;
  dialogue.session.log(dialogue.services.log, Level::warning,
                       "not enough free space in mail queue");
  return proto::reply::insufficient_storage();
}

queue::Envelope envelope_of(const proto::Mail& mail) {
  queue::Envelope envelope;
  envelope.sender = mail.sender;
  envelope.dsn_ret = mail.ret;
  envelope.dsn_envid = mail.envid;
  envelope.body = mail.body;
  envelope.smtputf8 = mail.smtputf8;
  return envelope;
}

// SIZE= of more than message_size_limit.
std::optional<proto::Reply> too_big(Dialogue& dialogue, const proto::Mail& wish) {
  Session& session = dialogue.session;
  const auto limit = static_cast<std::uint64_t>(session.settings().message_size_limit);
  if (limit == 0 || wish.size.value_or(0) <= limit) return std::nullopt;
  proto::Reply reply = proto::reply::message_too_big_declared();
  session.envelope = envelope_of(wish);  // for the log line alone
  log_reject(dialogue, "MAIL", reply);
  session.envelope.reset();
  return reply;
}

// The restrictions, then the disk.
Task<Refusal> objection(Dialogue& dialogue, const proto::Mail& wish) {
  Refusal refusal = co_await judge_sender(dialogue, wish.sender);
  if (!refusal) refusal = check_queue(dialogue, wish.size.value_or(0));
  co_return refusal;
}

}  // namespace

Task<Answer> mail(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  if (session.settings().smtpd_helo_required && !session.helo)
    co_return Answer(proto::reply::need_hello());
  if (session.in_transaction()) co_return Answer(proto::reply::nested_mail());
  if (session.chunks != Session::Chunks::none) co_return Answer(proto::reply::after_bdat("MAIL"));
  proto::ParseRules rules = parse_rules(session);
  rules.message_size_limit = 0;  // looked at below, with a sender to log
  const auto parsed = request.parse(rules);
  if (!parsed && is_syntax_reply(parsed.error())) co_return Answer(parsed.error());
  const std::optional<proto::Reply> too_much = over_message_rate(dialogue);
  if (too_much) co_return Answer(*too_much);
  if (!parsed) co_return Answer(parsed.error());
  const auto& wish = std::get<proto::Mail>(*parsed);
  if (const std::optional<proto::Reply> big = too_big(dialogue, wish)) co_return Answer(*big);
  const Refusal refusal = co_await objection(dialogue, wish);
  if (refusal) {
    session.forget_transaction();  // what the tables wanted to do to its message, and XFORWARD
    co_return Answer(*refusal);
  }
  session.envelope = envelope_of(wish);
  co_return Answer(proto::reply::sender_ok());
}

}  // namespace headgate::session
