// A request that finds the channel full waits beside it: DELIVER is slow, or just being started again. A message whose
// destinations nobody told is asked for again some times, because a DELIVER that ends is soon followed by the next; a
// delivery is not: only the scheduler may decide when the same recipients are tried again.
// Tested by tests/smtpd/deliver/door_test.cc and tests/e2e/roles_test.py; fuzzed by tests/fuzz/door_fuzz.cc.
#include "smtpd/deliver/door.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "smtpd/deliver/outcome.h"
#include "smtpd/deliver/route.h"
#include "smtpd/net/fields.h"

namespace headgate::deliver {

namespace {

constexpr std::size_t kMostRecipients = 64, kMostId = 64, kMostDestination = 8192, kMostText = 2000;
constexpr std::size_t kMostDsn = 16, kMostRequest = 16384;
constexpr std::chrono::milliseconds kFullPause{50};
constexpr std::chrono::seconds kNextTry{1};
constexpr int kTries = 3;

enum Flag : std::uint8_t { kSiteFailed = 1, kCorrupt = 2 };

Task<void> pause(aio::any_io_executor executor, std::chrono::milliseconds time) {
  aio::steady_timer timer(executor, time);
  co_await timer.async_wait(kAsTuple);
}

std::uint64_t count_of(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

std::chrono::milliseconds milliseconds_of(std::uint64_t count) {
  constexpr std::uint64_t kMost = 1000ULL * 3600 * 24 * 365;
  return std::chrono::milliseconds(std::min(count, kMost));
}

Result<std::uint32_t> decode_count(net::FieldReader& reader) {
  TRY(count, reader.u32());
  if (count > kMostRecipients) return fail(Code::corrupt, "too many recipients in a packet");
  return count;
}

Result<queue::Outcome> decode_outcome(net::FieldReader& reader) {
  queue::Outcome outcome;
  TRY(status, reader.byte());
  if (status > static_cast<std::uint8_t>(queue::Status::bounced))
    return fail(Code::corrupt, "no such status");
  outcome.status = static_cast<queue::Status>(status);
  TRY(flags, reader.byte());
  outcome.site_failed = (flags & kSiteFailed) != 0;
  outcome.corrupt = (flags & kCorrupt) != 0;
  TRY_OK(reader.text_into(outcome.dsn, kMostDsn));
  TRY_OK(reader.text_into(outcome.relay, kMostText));
  TRY_OK(reader.text_into(outcome.text, kMostText));
  TRY(setup, reader.u64());
  outcome.setup = milliseconds_of(setup);
  TRY(transmission, reader.u64());
  outcome.transmission = milliseconds_of(transmission);
  return outcome;
}

}  // namespace

std::string encode_request(const Request& request) {
  net::FieldWriter writer;
  writer.byte(static_cast<std::uint8_t>(request.errand));
  writer.text(request.id).text(std::string_view(request.destination).substr(0, kMostDestination));
  writer.u64(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(request.active_since.time_since_epoch())
          .count()));
  writer.u32(static_cast<std::uint32_t>(request.recipients.size()));
  for (const std::size_t index : request.recipients) writer.u32(static_cast<std::uint32_t>(index));
  return writer.bytes();
}

Result<Request> decode_request(std::string_view bytes) {
  net::FieldReader reader(bytes);
  Request request;
  TRY(errand, reader.byte());
  if (errand != static_cast<std::uint8_t>(Errand::destinations) &&
      errand != static_cast<std::uint8_t>(Errand::deliver))
    return fail(Code::corrupt, "no such errand");
  request.errand = static_cast<Errand>(errand);
  TRY_OK(reader.text_into(request.id, kMostId));
  TRY_OK(reader.text_into(request.destination, kMostDestination));
  TRY(since, reader.u64());
  // Within a thousand years of 1970, so that no arithmetic on delays can overflow.
  constexpr std::uint64_t kLatest = 31556952000000000;
  if (since > kLatest) return fail(Code::corrupt, "no such time");
  request.active_since = WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::microseconds(static_cast<std::int64_t>(since))));
  TRY(count, decode_count(reader));
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY(index, reader.u32());
    request.recipients.push_back(index);
  }
  TRY_OK(reader.finish());
  return request;
}

std::string encode_outcomes(const std::vector<queue::Outcome>& outcomes) {
  net::FieldWriter writer;
  writer.u32(static_cast<std::uint32_t>(outcomes.size()));
  for (const queue::Outcome& outcome : outcomes) {
    writer.byte(static_cast<std::uint8_t>(outcome.status));
    writer.byte(static_cast<std::uint8_t>((outcome.site_failed ? kSiteFailed : 0) |
                                          (outcome.corrupt ? kCorrupt : 0)));
    writer.text(std::string_view(outcome.dsn).substr(0, kMostDsn));
    writer.text(std::string_view(outcome.relay).substr(0, kMostText));
    writer.text(std::string_view(outcome.text).substr(0, kMostText));
    writer.u64(count_of(outcome.setup)).u64(count_of(outcome.transmission));
  }
  return writer.bytes();
}

Result<std::vector<queue::Outcome>> decode_outcomes(std::string_view bytes) {
  net::FieldReader reader(bytes);
  std::vector<queue::Outcome> outcomes;
  TRY(count, decode_count(reader));
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY(outcome, decode_outcome(reader));
    outcomes.push_back(std::move(outcome));
  }
  TRY_OK(reader.finish());
  return outcomes;
}

// A destination that is longer than any that can be reached keeps its beginning: the transport, and enough of a "retry:"
// text to be read.
std::string encode_destinations(const std::vector<std::string>& destinations) {
  net::FieldWriter writer;
  writer.u32(static_cast<std::uint32_t>(destinations.size()));
  for (const std::string& destination : destinations)
    writer.text(std::string_view(destination).substr(0, kMostText));
  return writer.bytes();
}

Result<std::vector<std::string>> decode_destinations(std::string_view bytes) {
  net::FieldReader reader(bytes);
  std::vector<std::string> destinations;
  TRY(count, decode_count(reader));
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY(destination, reader.text(kMostText));
    destinations.push_back(std::move(destination));
  }
  TRY_OK(reader.finish());
  return destinations;
}

Task<Result<std::string>> RemoteDeliverer::ask(const Request& request,
                                               const queue::QueueFilePtr& file) {
  const Result<Fd> content = file->open_again();
  if (!content) co_return tl::unexpected(content.error());
  const std::string bytes = encode_request(request);
  Line line = call_again(bytes, *content);
  if (line == nullptr) {
    Result<Line> fresh = co_await call(bytes, *content);
    if (!fresh) co_return tl::unexpected(std::move(fresh.error()));
    line = std::move(*fresh);
  }
  Result<net::Packet> answer = co_await line->receive();
  if (!answer) co_return tl::unexpected(std::move(answer.error()));
  if (idle_lines_.size() < kMostIdleLines) idle_lines_.push_back(std::move(line));
  co_return std::move(answer->bytes);
}

// Over a line whose DELIVER is still there, and takes requests.
RemoteDeliverer::Line RemoteDeliverer::call_again(const std::string& request, const Fd& content) {
  const std::array<int, 1> descriptors{content.get()};
  while (!idle_lines_.empty()) {
    Line line = std::move(idle_lines_.back());
    idle_lines_.pop_back();
    if (line->send(request, descriptors)) return line;
  }
  return nullptr;
}

Task<Result<RemoteDeliverer::Line>> RemoteDeliverer::call(const std::string& request,
                                                          const Fd& content) {
  Result<std::pair<Fd, Fd>> pair = net::channel_pair();
  if (!pair) co_return tl::unexpected(std::move(pair.error()));
  auto line = std::make_unique<net::Channel>(executor_, std::move(pair->first));
  const std::array<int, 2> descriptors{content.get(), pair->second.get()};
  Result<void> sent = net::send_packet(door_, request, descriptors);
  while (!sent && sent.error().code == Code::unavailable) {
    co_await pause(executor_, kFullPause);
    sent = net::send_packet(door_, request, descriptors);
  }
  if (!sent) co_return tl::unexpected(std::move(sent.error()));
  co_return std::move(line);
}

Task<void> RemoteDeliverer::wait_for_turn() {
  if (routes_ >= kMostRoutes) {
    const auto turn =
        std::make_shared<aio::steady_timer>(executor_, aio::steady_timer::time_point::max());
    waiting_.push_back(turn);
    co_await turn->async_wait(kAsTuple);  // who woke us has counted us
    co_return;
  }
  ++routes_;
}

// A timer that is not being waited for yet would not notice a cancel().
void RemoteDeliverer::end_turn() {
  if (waiting_.empty()) {
    --routes_;
    return;
  }
  waiting_.front()->expires_at(aio::steady_timer::time_point::min());
  waiting_.pop_front();
}

Task<Result<std::vector<std::string>>> RemoteDeliverer::destinations(
    const std::string& id, const queue::QueueFilePtr& file,
    const std::vector<std::size_t>& recipients) {
  if (routing_) co_return routing_->destinations(file->envelope(), recipients);
  Request request;
  request.errand = Errand::destinations;
  request.id = id;
  request.recipients = recipients;
  co_await wait_for_turn();
  Result<std::string> answer = co_await ask(request, file);
  for (int tries = 1; tries < kTries && !answer && answer.error().code == Code::closed; ++tries) {
    co_await pause(executor_, kNextTry);
    answer = co_await ask(request, file);
  }
  end_turn();
  if (!answer) co_return fail(Code::unavailable, "no destination known: " + answer.error().text());
  Result<std::vector<std::string>> destinations = decode_destinations(*answer);
  if (destinations && destinations->size() != recipients.size())
    co_return fail(Code::corrupt, "not every recipient's destination was told");
  co_return destinations;
}

Task<std::vector<queue::Outcome>> RemoteDeliverer::deliver(const queue::Delivery& delivery) {
  Request request;
  request.errand = Errand::deliver;
  request.id = delivery.id;
  request.destination = delivery.destination;
  request.recipients = delivery.recipients;
  request.active_since = delivery.active_since;
  const Result<std::string> answer = co_await ask(request, delivery.file);
  if (answer) {
    Result<std::vector<queue::Outcome>> outcomes = decode_outcomes(*answer);
    if (outcomes && outcomes->size() == delivery.recipients.size()) co_return std::move(*outcomes);
  }
  const std::string why = answer ? "its answer makes no sense" : answer.error().text();
  const queue::Outcome outcome =
      deferred("4.3.0", "none", fmt::format("delivery agent ended before its work: {}", why));
  std::vector<queue::Outcome> outcomes(delivery.recipients.size(), outcome);
  log(delivery, outcomes);
  co_return outcomes;
}

void RemoteDeliverer::log(const queue::Delivery& delivery,
                          const std::vector<queue::Outcome>& outcomes) {
  const Agent agent = agent_of(parse_route(delivery.destination).transport, commands_);
  log_outcomes(agent, delivery, outcomes, log_, env_.wall());
}

Desk::Desk(const aio::any_io_executor& executor, Fd door, queue::Deliverer& worker, EventSink& log)
    : executor_(executor),
      door_(executor, std::move(door), kMostRequest),
      worker_(worker),
      log_(log) {}

void Desk::say(std::string text) {
  Event event;
  event.program = Program::qmgr;
  event.level = Level::warning;
  event.text = std::move(text);
  log_.write(event);
}

void Desk::close() {
  closing_ = true;
  door_.close();
  for (const net::Channel* const line : lines_) line->end_receiving();
}

Task<void> Desk::serve() {
  while (true) {
    Result<net::Packet> packet = co_await door_.receive();
    if (!packet) {
      if (packet.error().code == Code::corrupt) continue;
      co_return;
    }
    ++packets_;
    aio::co_spawn(executor_, hold_line(std::move(*packet)), [this](std::exception_ptr thrown) {
      --packets_;
      if (thrown) say("delivery was broken off; its message waits in the queue");
    });
  }
}

namespace {

// In the set as long as it lives.
class Listed {
 public:
  Listed(std::set<const net::Channel*>& lines, const net::Channel& line)
      : lines_(lines), line_(lines.insert(&line).first) {}

  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

  ~Listed() { lines_.erase(line_); }

 private:
  std::set<const net::Channel*>& lines_;
  std::set<const net::Channel*>::iterator line_;
};

}  // namespace

// What was sent over a line before it was closed is done: whoever sent it would take it for broken off.
Task<void> Desk::hold_line(net::Packet packet) {
  if (packet.descriptors.size() != 2) {
    say("a request that makes no sense was dropped");
    co_return;
  }
  net::Channel line(executor_, std::move(packet.descriptors[1]), kMostRequest);
  const Listed listed(lines_, line);
  if (closing_) line.end_receiving();
  while (true) {
    const bool answered = co_await work_off(packet.bytes, std::move(packet.descriptors[0]), line);
    if (!answered) co_return;
    Result<net::Packet> next = co_await line.receive();
    if (!next) co_return;
    if (next->descriptors.size() != 1) {
      say("a request that makes no sense was dropped");
      co_return;
    }
    packet = std::move(*next);
  }
}

// False: the line has to end, which defers the message.
Task<bool> Desk::work_off(const std::string& bytes, Fd content, const net::Channel& line) {
  const Result<Request> request = decode_request(bytes);
  if (!request) {
    say("a request that makes no sense was dropped");
    co_return false;
  }
  Result<queue::QueueFile> opened =
      queue::QueueFile::of_descriptor(std::move(content), request->id);
  if (!opened) {
    say(fmt::format("{}: {}", request->id, opened.error().text()));
    co_return false;
  }
  const queue::QueueFilePtr file = std::make_shared<const queue::QueueFile>(std::move(*opened));
  const std::size_t count = file->envelope().recipients.size();
  for (const std::size_t index : request->recipients) {
    if (index < count) continue;
    say(fmt::format("{}: a request names a recipient that there is not", request->id));
    co_return false;
  }
  std::string answer;
  if (request->errand == Errand::destinations) {
    const Result<std::vector<std::string>> destinations =
        co_await worker_.destinations(request->id, file, request->recipients);
    if (!destinations) co_return false;
    answer = encode_destinations(*destinations);
  } else {
    const queue::Delivery delivery(request->id, request->destination, file, request->recipients,
                                   request->active_since);
    const std::vector<queue::Outcome> outcomes = co_await worker_.deliver(delivery);
    answer = encode_outcomes(outcomes);
  }
  const Result<void> sent = line.send(answer);
  if (!sent && sent.error().code != Code::closed)
    say(fmt::format("{}: {}", request->id, sent.error().text()));
  co_return sent.has_value();
}

}  // namespace headgate::deliver
