// DATA: from 354 to the reply that says whose the message is now. RFC 5321 §4.1.1.4; smtpd_data_restrictions,
// smtpd_end_of_data_restrictions. The 250 is written only after Intake::conclude() has made the message durable.
// Tested by tests/smtp (accepted, checks_*, smuggling, too_big …) and tests/e2e.
#include <utility>

#include "smtpd/proto/replies.h"
#include "smtpd/session/content_transfer.h"
#include "smtpd/session/judge.h"

namespace headgate::session {
namespace {

// What comes after the last byte is done with it, if nobody has to be asked before: a hand-over less. `ended` says so.
Task<Result<void>> take_content(Dialogue& dialogue, Intake& intake, bool& ended) {
  const bool may_end = may_end_at_once(dialogue);
  while (!intake.done()) {
    const Result<std::string_view> bytes = co_await read_content(dialogue);
    if (!bytes) co_return tl::unexpected(bytes.error());
    std::size_t taken = 0;
    const std::string_view content = *bytes;
    const std::function<void()> feed = [&] {
      taken = intake.feed(content);
      ended = intake.done() && may_end;
      if (ended) intake.end();
    };
    Result<void> fed = co_await step(dialogue, intake, feed);
    if (!fed) co_return fed;
    dialogue.wire.consume(taken);
    dialogue.session.content_wire_bytes = intake.wire_bytes();
  }
  co_return Result<void>();
}

}  // namespace

Task<Answer> data(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  session.content_wire_bytes = 0;
  if (session.chunks != Session::Chunks::none) co_return Answer(proto::reply::after_bdat("DATA"));
  if (!session.in_transaction()) co_return Answer(proto::reply::need_recipient());
  if (session.envelope->recipients.empty()) co_return Answer(proto::reply::no_valid_recipients());
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed) co_return Answer(parsed.error());
  const Refusal refusal = co_await judge_data(dialogue);
  if (refusal) co_return Answer(*refusal);

  IntakePtr intake;
  const std::optional<proto::Reply> full =
      co_await open_intake(dialogue, proto::Framing::dots, intake);
  if (full) co_return Answer(*full);
  dialogue.wire.queue(proto::reply::start_data().bytes());
  set_content_deadline(dialogue);
  session.where = "DATA content";
  Result<void> read = co_await dialogue.wire.flush();
  bool ended = false;
  if (read) read = co_await take_content(dialogue, *intake, ended);
  if (!read) {
    dialogue.wire_failure = read.error();
    co_return Answer(proto::Reply(), true);
  }
  session.where = "END-OF-MESSAGE";
  proto::Reply reply = co_await conclude(dialogue, *intake, ended);
  session.forget_transaction();
  co_return Answer(std::move(reply));
}

}  // namespace headgate::session
