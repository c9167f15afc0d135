// DATA: from 354 to the reply that says whose the message is now. RFC 5321 §4.1.1.4; smtpd_data_restrictions,
// smtpd_end_of_data_restrictions. The 250 is written only after Intake::conclude() has made the message durable.
// Tested by tests/smtp (accepted, checks_*, smuggling, too_big …) and tests/e2e.
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "smtpd/proto/replies.h"
#include "smtpd/session/intake.h"
#include "smtpd/session/judge.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {
namespace {

using WriterPtr = std::unique_ptr<queue::Writer>;

// Creates the queue file, away from the loop.
Task<Result<void>> create_file(Dialogue& dialogue, WriterPtr& writer) {
  queue::Spool& spool = dialogue.services.spool;
  const std::function<Result<void>()> work = [&spool, &writer]() -> Result<void> {
    Result<WriterPtr> created = spool.create();
    if (!created) return tl::unexpected(std::move(created.error()));
    writer = std::move(*created);
    return {};
  };
  Result<void> done = co_await dialogue.services.loop.off_loop(work);
  co_return done;
}

proto::Reply storage_failure(const Dialogue& dialogue, const Error& error) {
  const std::string line = fmt::format("create queue file: {}", error.text());
  dialogue.session.log(dialogue.services.log, Level::warning, line);
  return error.code == Code::unavailable ? proto::reply::insufficient_storage()
                                         : proto::reply::queue_write_error();
}

// A smtpd_min_data_rate of input earns time while content flows.
void set_content_deadline(Dialogue& dialogue) {
  const config::Settings& settings = dialogue.session.settings();
  net::DeadlinePolicy policy;
  policy.budget = settings.smtpd_timeout;
  policy.per_request = settings.smtpd_per_request_deadline;
  policy.min_data_rate_bytes = static_cast<std::size_t>(settings.smtpd_min_data_rate);
  dialogue.wire.set_deadline_policy(policy);
}

// A step of the intake, apart from the loop when it asks tables. Tables that do not move are waited for as long as a client.
Task<Result<void>> step(Dialogue& dialogue, Intake& intake, std::function<void()> work) {
  if (!intake.asks_tables()) {
    work();
    co_return Result<void>();
  }
  const std::function<Result<void>()> apart = [&work]() -> Result<void> {
    work();
    return {};
  };
  const std::chrono::milliseconds patience = dialogue.session.settings().smtpd_timeout;
  Result<void> done = co_await dialogue.services.loop.inspect(intake.tables(), patience, apart);
  if (done) co_return done;
  if (done.error().code == Code::bug) {
    dialogue.session.log(dialogue.services.log, Level::error, done.error().text());
    co_return done;
  }
  intake.give_up(std::move(done.error()));  // nothing was begun
  co_return Result<void>();
}

// What comes after the last byte is done with it, if nobody has to be asked before: a hand-over less. `ended` says so.
Task<Result<void>> read_content(Dialogue& dialogue, Intake& intake, bool& ended) {
  const bool may_end = dialogue.session.settings().smtpd_end_of_data_restrictions.empty();
  while (!intake.done()) {
    const Result<std::string_view> bytes = co_await dialogue.wire.read_some();
    if (!bytes && bytes.error().code == Code::cancelled)
      continue;  // a stop waits for the message to end
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

Task<proto::Reply> conclude(Dialogue& dialogue, Intake& intake, const std::string& id, bool ended) {
  Refusal refusal;
  if (!intake.refused_by_smtpd()) refusal = co_await judge_end_of_data(dialogue, id);
  if (refusal) co_return *refusal;  // the Intake goes, and the queue file with it
  if (!ended) {
    const std::function<void()> end = [&intake] { intake.end(); };
    const Result<void> done = co_await step(dialogue, intake, end);
    if (!done) co_return proto::reply::queue_write_error();
  }
  proto::Reply reply = co_await intake.conclude();
  if (reply.positive()) {
    dialogue.session.forgive_errors();
    ++dialogue.session.messages_accepted;
  }
  co_return reply;
}

}  // namespace

Task<Answer> data(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  session.content_wire_bytes = 0;
  if (!session.in_transaction()) co_return Answer(proto::reply::need_recipient());
  if (session.envelope->recipients.empty()) co_return Answer(proto::reply::no_valid_recipients());
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed) co_return Answer(parsed.error());
  const Refusal refusal = co_await judge_data(dialogue);
  if (refusal) co_return Answer(*refusal);

  WriterPtr writer;
  const Result<void> created = co_await create_file(dialogue, writer);
  if (!created) co_return Answer(storage_failure(dialogue, created.error()));
  const std::string id = writer->id();
  session.log(dialogue.services.log, Level::info,
              fmt::format("{}: client={}", id, session.peer.name_and_address()));
  Intake intake(session, dialogue.services, std::move(writer), dialogue.command_ended_bare,
                is_local_client(session));
  dialogue.wire.queue(proto::reply::start_data().bytes());
  set_content_deadline(dialogue);
  Result<void> read = co_await dialogue.wire.flush();
  bool ended = false;
  if (read) read = co_await read_content(dialogue, intake, ended);
  if (!read) {
    dialogue.wire_failure = read.error();
    co_return Answer(proto::Reply(), true);
  }
  session.where = "END-OF-MESSAGE";
  proto::Reply reply = co_await conclude(dialogue, intake, id, ended);
  session.forget_transaction();
  co_return Answer(std::move(reply));
}

}  // namespace headgate::session
