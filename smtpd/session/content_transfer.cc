// Tested by tests/smtp (accepted, bdat_*, disk_full, too_big, end_of_data_refused …), dear_content_test.
#include "smtpd/session/content_transfer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "smtpd/proto/replies.h"
#include "smtpd/session/judge.h"

namespace headgate::session {
namespace {

using WriterPtr = std::unique_ptr<queue::Writer>;

// Creates the queue file, away from the loop, if none is ready.
Task<Result<void>> create_file(Dialogue& dialogue, WriterPtr& writer) {
  queue::Spool& spool = dialogue.services.spool;
  writer = spool.take_ready();
  if (writer) co_return Result<void>();
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

}  // namespace

Task<std::optional<proto::Reply>> open_intake(Dialogue& dialogue, proto::Framing framing,
                                              IntakePtr& intake) {
  Session& session = dialogue.session;
  WriterPtr writer;
  const Result<void> created = co_await create_file(dialogue, writer);
  if (!created) co_return storage_failure(dialogue, created.error());
  session.log_as("message", dialogue.services.log,
                 fmt::format("{}: {}", writer->id(), session.client_text()),
                 {{"queue_id", writer->id()}});
  const proto::DataReader reader(bare_newline_mode(session), dialogue.command_ended_bare, framing);
  intake = std::make_shared<Intake>(session, dialogue.services, std::move(writer), reader,
                                    session.forwarded.is_local(is_local_client(session)));
  co_return std::nullopt;
}

namespace {

void set_deadline(Dialogue& dialogue, bool goes_on) {
  // Tables stay as they are until the message has ended, deadlines do not.
  const StatePtr now =
      dialogue.states == nullptr ? dialogue.session.state : dialogue.states->current();
  const config::Settings& settings = *now->settings;
  net::DeadlinePolicy policy;
  policy.budget = settings.smtpd_timeout;
  policy.per_request = settings.smtpd_per_request_deadline;
  if (dialogue.states != nullptr) {
    dialogue.states->begins_content();
    const auto patience = dialogue.states->content_patience();
    if (patience) {
      policy.budget = std::min(policy.budget, *patience);
      policy.per_request = true;
    }
  }
  policy.min_data_rate_bytes = static_cast<std::size_t>(settings.smtpd_min_data_rate);
  policy.goes_on = goes_on;
  dialogue.wire.set_deadline_policy(policy);
}

}  // namespace

void set_content_deadline(Dialogue& dialogue) { set_deadline(dialogue, false); }

bool must_hurry(const Dialogue& dialogue) {
  return dialogue.states != nullptr && dialogue.states->content_patience().has_value();
}

Task<Result<std::string_view>> read_content(Dialogue& dialogue) {
  while (true) {
    Result<std::string_view> bytes = co_await dialogue.wire.read_some();
    if (bytes || bytes.error().code != Code::cancelled) co_return bytes;
    set_deadline(dialogue, true);  // a rise of the level gives nobody more time
  }
}

bool may_end_at_once(const Dialogue& dialogue) {
  return dialogue.session.settings().smtpd_end_of_data_restrictions.empty();
}

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

Task<proto::Reply> conclude(Dialogue& dialogue, Intake& intake, bool ended) {
  Refusal refusal;
  if (!intake.refused_by_smtpd()) refusal = co_await judge_end_of_data(dialogue, intake.id());
  if (refusal) co_return *refusal;  // the Intake goes, and the queue file with it
  if (!ended) {
    const std::function<void()> end = [&intake] { intake.end(); };
    const Result<void> done = co_await step(dialogue, intake, end);
    if (!done) co_return proto::reply::queue_write_error();
  }
  const stress::CommitClock::Lap lap(dialogue.services.stress.commits);
  proto::Reply reply = co_await intake.conclude();
  if (reply.positive()) {
    dialogue.session.forgive_errors();
    ++dialogue.session.messages_accepted;
  }
  co_return reply;
}

}  // namespace headgate::session
