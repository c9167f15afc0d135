// BDAT. RFC 3030; the first chunk runs smtpd_data_restrictions. A message's Intake lives in the Session between chunks.
// Whatever is wrong, a chunk's octets are read before the reply: they are never commands. Once one has failed, the others
// are read and forgotten until the last one, or RSET.
// Tested by tests/smtp/bdat_*.smtp, tests/e2e/smuggling_test.py, smtp_dialogue_fuzz.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/replies.h"
#include "smtpd/session/content_transfer.h"
#include "smtpd/session/judge.h"

namespace headgate::session {
namespace {

using proto::Bdat;
using Chunks = Session::Chunks;

constexpr std::size_t kLoggedRequest = 100;

void warn(const Dialogue& dialogue, std::string_view what) {
  const Session& session = dialogue.session;
  const std::string id = session.chunked ? session.chunked->id() : "NOQUEUE";
  session.log(dialogue.services.log, Level::warning, fmt::format("{}: {}", id, what));
}

// How much of what has come belongs to the chunk, of which `left` bytes are still due.
std::string_view of_chunk(std::string_view bytes, std::uint64_t left) {
  return bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
}

// A client waits for no reply within a chunk: replies that are due go out while we wait.
Task<Result<void>> flush_before(Dialogue& dialogue, std::uint64_t size_bytes) {
  Result<void> flushed;
  if (dialogue.wire.buffered().size() < size_bytes) flushed = co_await dialogue.wire.flush();
  co_return flushed;
}

Task<Result<void>> read_chunk(Dialogue& dialogue, Intake& intake, Bdat chunk, bool& ended) {
  Session& session = dialogue.session;
  const bool ends_here = chunk.last && may_end_at_once(dialogue);
  std::uint64_t left = chunk.size_bytes;
  while (left > 0) {
    const Result<std::string_view> bytes = co_await read_content(dialogue);
    if (!bytes) co_return tl::unexpected(bytes.error());
    const std::string_view content = of_chunk(*bytes, left);
    left -= content.size();
    ended = left == 0 && ends_here;
    const std::function<void()> feed = [&intake, content, &ended] {
      intake.feed(content);
      if (ended) intake.end();
    };
    Result<void> fed = co_await step(dialogue, intake, feed);
    if (!fed) co_return fed;
    dialogue.wire.consume(content.size());
    session.content_wire_bytes = intake.wire_bytes();
  }
  co_return Result<void>();
}

// The octets go nowhere. When slots are needed nobody is listened to for that.
Task<Result<void>> forget_chunk(Dialogue& dialogue, std::uint64_t left) {
  set_content_deadline(dialogue);
  Result<void> flushed = co_await flush_before(dialogue, left);
  if (!flushed) co_return flushed;
  while (left > 0) {
    if (must_hurry(dialogue)) co_return fail(Code::cancelled, "content that is thrown away");
    const Result<std::string_view> bytes = co_await dialogue.wire.read_some();
    if (!bytes && bytes.error().code == Code::cancelled) continue;  // the level may have risen
    if (!bytes) co_return tl::unexpected(bytes.error());
    const std::size_t taken = of_chunk(*bytes, left).size();
    dialogue.wire.consume(taken);
    left -= taken;
  }
  co_return Result<void>();
}

// The message has failed. With its last chunk the transaction is over.
void fail_message(Session& session, bool last) {
  if (last) return session.forget_transaction();
  session.chunked.reset();
  session.chunks = Chunks::failed;
}

Task<Answer> refuse(Dialogue& dialogue, Bdat chunk, proto::Reply reply) {
  const Result<void> read = co_await forget_chunk(dialogue, chunk.size_bytes);
  if (!read) {
    dialogue.wire_failure = read.error();
    co_return Answer(proto::Reply(), true);
  }
  fail_message(dialogue.session, chunk.last);
  co_return Answer(std::move(reply));
}

// What Postfix looks at before it begins a message, or goes on with one.
Task<Refusal> objection(Dialogue& dialogue, Bdat chunk) {
  Session& session = dialogue.session;
  if (chunk.size_bytes == 0 && !chunk.last) {
    warn(dialogue, fmt::format("null BDAT request from {}", session.peer.name_and_address()));
    co_return proto::reply::null_chunk();
  }
  if (session.chunks == Chunks::failed) co_return proto::reply::chunk_discarded(chunk.size_bytes);
  if (session.chunks == Chunks::none) {
    if (!session.in_transaction()) co_return proto::reply::need_recipient();
    if (session.envelope->recipients.empty()) co_return proto::reply::no_valid_recipients();
    Refusal refusal = co_await judge_bdat(dialogue);
    if (refusal) co_return refusal;
  }
  const auto limit = static_cast<std::uint64_t>(session.settings().message_size_limit);
  const std::uint64_t size = session.chunked ? session.chunked->size_bytes() : 0;
  if (limit == 0 || (chunk.size_bytes <= limit && size <= limit - chunk.size_bytes))
    co_return std::nullopt;
  warn(dialogue, fmt::format("BDAT request from {} exceeds message size limit",
                             session.peer.name_and_address()));
  co_return proto::reply::chunk_too_big();
}

Task<Answer> finish(Dialogue& dialogue, IntakePtr intake, Bdat chunk, bool ended) {
  Session& session = dialogue.session;
  if (!chunk.last && !intake->refused_by_smtpd())
    co_return Answer(proto::reply::chunk_taken(chunk.size_bytes));
  if (!chunk.last) {
    proto::Reply reply = intake->smtpd_refusal(session.where);
    fail_message(session, false);
    co_return Answer(std::move(reply));
  }
  session.where = "END-OF-MESSAGE";
  proto::Reply reply = co_await conclude(dialogue, *intake, ended);
  session.forget_transaction();
  co_return Answer(std::move(reply));
}

}  // namespace

Task<Answer> bdat(Dialogue& dialogue, const proto::Request& request) {
  Session& session = dialogue.session;
  const auto parsed = request.parse(parse_rules(session));
  if (!parsed) {
    if (!session.chunking_hidden)
      warn(dialogue,
           fmt::format("malformed BDAT command syntax from {}: {}", session.peer.name_and_address(),
                       text::printable(request.given().substr(0, kLoggedRequest))));
    co_return Answer(parsed.error());
  }
  const Bdat chunk = std::get<Bdat>(*parsed);
  Refusal refusal = co_await objection(dialogue, chunk);
  if (!refusal && session.chunks == Chunks::none)
    refusal = co_await open_intake(dialogue, proto::Framing::chunks, session.chunked);
  if (refusal) {
    Answer answer = co_await refuse(dialogue, chunk, std::move(*refusal));
    co_return answer;
  }
  if (session.chunks == Chunks::none) {
    session.content_wire_bytes = 0;
    session.chunks_began = dialogue.services.env.steady();
  }
  session.chunks = Chunks::taking;
  session.where = "BDAT content";
  const IntakePtr intake = session.chunked;
  set_content_deadline(dialogue);
  bool ended = false;
  Result<void> read = co_await flush_before(dialogue, chunk.size_bytes);
  if (read) read = co_await read_chunk(dialogue, *intake, chunk, ended);
  if (!read) {
    dialogue.wire_failure = read.error();
    co_return Answer(proto::Reply(), true);
  }
  Answer answer = co_await finish(dialogue, intake, chunk, ended);
  co_return answer;
}

Task<Result<void>> skip_chunk(Dialogue& dialogue, const proto::Request& request) {
  const auto parsed = request.parse(parse_rules(dialogue.session));
  if (!parsed) co_return Result<void>();
  Result<void> read = co_await forget_chunk(dialogue, std::get<Bdat>(*parsed).size_bytes);
  co_return read;
}

}  // namespace headgate::session
