// What is said is ClientDialog's business; this file finds somebody to say it to and carries the bytes.
// Tested by tests/smtpd/deliver/smtp_client_test.cc (in memory) and smtp_sink_test.cc (Postfix's smtp-sink).
#include "smtpd/deliver/smtp_client.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/deliver/outcome.h"
#include "smtpd/deliver/outgoing_content.h"
#include "smtpd/net/blocking.h"
#include "smtpd/proto/address.h"

namespace headgate::deliver {

namespace {

constexpr std::size_t kAddresses = 5;  // smtp_mx_address_limit
constexpr std::size_t kSessions = 2;   // smtp_mx_session_limit
constexpr std::size_t kReplyLineBytes = 4096;
constexpr int kReplyLines = 1000;  // a reply that goes on longer is an attack
constexpr std::chrono::seconds kResolverDeadline{30};

using Outcomes = std::vector<queue::Outcome>;

queue::Status status_of(proto::ClientResult result) {
  switch (result) {
    case proto::ClientResult::sent:
      return queue::Status::sent;
    case proto::ClientResult::bounced:
      return queue::Status::bounced;
    case proto::ClientResult::pending:
    case proto::ClientResult::deferred:
      return queue::Status::deferred;
  }
  return queue::Status::deferred;
}

queue::Outcome name_service(const Error& error, std::string_view name, std::string_view type) {
  const std::string text =
      fmt::format("Host or domain name not found. Name service error for name={} type={}: {}", name,
                  type, error.what);
  if (error.code == Code::not_found) return bounced("5.4.4", "none", text);
  return deferred("4.4.3", "none", text);
}

std::chrono::milliseconds since(SteadyTime begin, SteadyTime now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - begin);
}

}  // namespace

Task<Outcomes> SmtpClient::deliver(const queue::Delivery& delivery, std::string nexthop) {
  std::vector<std::string_view> names = text::split(nexthop, ", \t\r\n");
  if (names.empty()) names.emplace_back();
  Attempt attempt;
  for (const std::string_view name : names) {
    attempt = co_await try_destination(delivery, std::string(name));
    if (attempt.settled) break;
  }
  // As Postfix compares them: a relayhost of several names never is the first of them, and its mail bounces.
  if (names.front() == settings_.relayhost) excuse_relayhost(attempt.outcomes);
  co_return std::move(attempt.outcomes);
}

// A relayhost that does not exist is the administrator's mistake, not the recipients': all mail would be lost on a typo.
void SmtpClient::excuse_relayhost(Outcomes& outcomes) {
  bool excused = false;
  for (queue::Outcome& outcome : outcomes) {
    if (outcome.status != queue::Status::bounced || outcome.relay != "none") continue;
    outcome.status = queue::Status::deferred;
    outcome.dsn = "4.3.5";
    excused = true;
  }
  if (!excused) return;
  Event event;
  event.program = Program::smtp;
  event.level = Level::warning;
  event.text = "relayhost configuration problem";
  log_.write(event);
}

Task<SmtpClient::Attempt> SmtpClient::try_destination(const queue::Delivery& delivery,
                                                      std::string name) {
  const std::size_t count = delivery.recipients.size();
  Attempt attempt;
  const Result<NextHop> hop = parse_next_hop(name);
  if (!hop) {
    // Postfix's smtp(8) ends here, and the mail waits, whatever the others are.
    attempt.outcomes.assign(count, deferred("4.3.5", "none", hop.error().text()));
    attempt.settled = true;
    co_return attempt;
  }
  const Places places = co_await find_places(*hop);
  attempt.settled = places.last;
  if (places.list.empty()) attempt.outcomes.assign(count, places.outcome);

  std::size_t sessions = 0;
  for (const Place& place : places.list) {
    attempt.outcomes = co_await try_place(delivery, place);
    if (!attempt.outcomes.front().site_failed) {
      attempt.settled = true;
      break;
    }
    if (attempt.outcomes.front().relay != "none" && ++sessions == kSessions) break;
  }
  co_return attempt;
}

Task<SmtpClient::Places> SmtpClient::find_places(NextHop hop) {
  Places places;
  std::vector<std::string> hosts(1, hop.host);
  if (!hop.direct && !settings_.disable_dns_lookups) {
    Result<std::vector<std::string>> exchangers = co_await find_hosts(hop.host, places);
    if (!exchangers) co_return places;
    hosts = std::move(*exchangers);
  }
  for (const std::string& host : hosts) {
    Result<std::vector<std::string>> found = co_await resolver_.addresses(host, kResolverDeadline);
    if (!found) {
      // A failure that may pass outweighs one that is for good: another time there may be somebody.
      if (places.outcome.text.empty() || found.error().code != Code::not_found)
        places.outcome = name_service(found.error(), host, "A");
      continue;
    }
    for (std::string& address : *found) {
      if (places.list.size() == kAddresses) co_return places;
      Place place;
      place.host = host;
      place.address = std::move(address);
      place.port = hop.port;
      places.list.push_back(std::move(place));
    }
  }
  co_return places;
}

// The mail exchangers of a domain in the order of trying; the domain itself when it has none.
Task<Result<std::vector<std::string>>> SmtpClient::find_hosts(std::string domain, Places& places) {
  std::vector<std::string> hosts;
  const Result<std::vector<net::MxHost>> found =
      co_await resolver_.mail_exchangers(domain, kResolverDeadline);
  if (!found && found.error().code == Code::not_found) {
    hosts.push_back(domain);
    co_return hosts;
  }
  if (!found) {
    places.outcome = name_service(found.error(), domain, "MX");
    co_return tl::unexpected(found.error());
  }
  std::uint16_t ours = 0xFFFF;
  bool listed = false;
  for (const net::MxHost& mx : *found) {
    if (!text::equal_ignore_case(mx.host, settings_.myhostname)) continue;
    ours = std::min(ours, mx.preference);
    listed = true;
    places.last = true;
  }
  std::vector<net::MxHost> order;
  for (const net::MxHost& mx : *found)
    if (!mx.host.empty() && mx.host != "." && (!listed || mx.preference < ours))
      order.push_back(mx);
  // Equal ones in any order, so that the load spreads.
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::size_t j = i - static_cast<std::size_t>(env_.random() % (i + 1));
    if (order[j].preference == order[i].preference) std::swap(order[i], order[j]);
  }
  for (const net::MxHost& mx : order) hosts.push_back(mx.host);
  if (!hosts.empty()) co_return hosts;
  places.outcome =
      listed ? bounced("5.4.6", "none", fmt::format("mail for {} loops back to myself", domain))
             : bounced("5.1.10", "none",
                       fmt::format("Domain {} does not accept mail (nullMX)", domain));
  co_return fail(Code::not_found, "no mail exchanger", domain);
}

Task<Outcomes> SmtpClient::try_place(const queue::Delivery& delivery, Place place) {
  const std::size_t count = delivery.recipients.size();
  const SteadyTime begun = env_.steady();
  Result<std::unique_ptr<net::Wire>> wire =
      co_await connector_.connect(place.address, place.port, settings_.smtp_connect_timeout);
  if (!wire) {
    const std::string text = fmt::format(
        "connect to {}: {}", place.relay(),
        wire.error().code == Code::timeout ? "Connection timed out" : wire.error().what);
    queue::Outcome outcome = deferred("4.4.1", "none", text);
    outcome.site_failed = true;
    outcome.setup = since(begun, env_.steady());
    co_return Outcomes(count, outcome);
  }
  const SteadyTime connected = env_.steady();
  proto::ClientDialog dialog(request_for(delivery, place));
  std::optional<Error> own_failure;
  co_await converse(**wire, dialog, delivery, own_failure);
  (*wire)->close();

  Outcomes outcomes;
  for (const proto::ClientVerdict& verdict : dialog.verdicts()) {
    queue::Outcome outcome;
    outcome.status = status_of(verdict.result);
    outcome.dsn = verdict.dsn;
    outcome.relay = place.relay();
    outcome.text = verdict.text;
    outcome.site_failed = dialog.site_failed();
    outcome.corrupt = own_failure && own_failure->code == Code::corrupt;
    outcome.setup = since(begun, connected);
    outcome.transmission = since(connected, env_.steady());
    outcomes.push_back(std::move(outcome));
  }
  co_return outcomes;
}

namespace {

// Those that checks added (BCC) have none of their own.
std::string original_of(const queue::Recipient& recipient) {
  if (!recipient.original.empty()) return recipient.original;
  const std::string& first = recipient.orig_to.empty() ? recipient.address : recipient.orig_to;
  return "rfc822;" + proto::quote_address(first);
}

// As Postfix has it: SMTPUTF8 that was declared and is not used is no reason to bounce.
bool needs_smtputf8(const queue::Envelope& envelope, const proto::ClientRequest& request) {
  return envelope.smtputf8_header || !text::is_ascii(request.sender) ||
         std::any_of(request.recipients.begin(), request.recipients.end(),
                     [](const proto::ClientRecipient& to) { return !text::is_ascii(to.path); });
}

}  // namespace

proto::ClientRequest SmtpClient::request_for(const queue::Delivery& delivery,
                                             const Place& place) const {
  const queue::Envelope& envelope = delivery.file->envelope();
  proto::ClientRequest request;
  request.helo_name =
      settings_.smtp_helo_name.empty() ? settings_.myhostname : settings_.smtp_helo_name;
  request.server = place.bracketed();
  request.sender = proto::quote_address(envelope.sender);
  for (const std::size_t index : delivery.recipients) {
    const queue::Recipient& recipient = envelope.recipients[index];
    proto::ClientRecipient to;
    to.path = proto::quote_address(recipient.address);
    to.orcpt = original_of(recipient);
    to.notify = recipient.notify;
    request.recipients.push_back(std::move(to));
  }
  request.size_bytes = envelope.size_bytes;
  request.body = envelope.body;
  request.smtputf8 = envelope.smtputf8;
  request.smtputf8_needed = envelope.smtputf8 && needs_smtputf8(envelope, request);
  request.dsn_ret = envelope.dsn_ret;
  request.dsn_envid = envelope.dsn_envid;
  return request;
}

std::chrono::seconds SmtpClient::timeout_of(proto::ClientStage stage) const {
  switch (stage) {
    case proto::ClientStage::greeting:
    case proto::ClientStage::ehlo:
    case proto::ClientStage::helo:
      return settings_.smtp_helo_timeout;
    case proto::ClientStage::mail:
      return settings_.smtp_mail_timeout;
    case proto::ClientStage::rcpt:
      return settings_.smtp_rcpt_timeout;
    case proto::ClientStage::data:
      return settings_.smtp_data_init_timeout;
    case proto::ClientStage::body:
      return settings_.smtp_data_xfer_timeout;
    case proto::ClientStage::dot:
      return settings_.smtp_data_done_timeout;
    case proto::ClientStage::rset:
      return settings_.smtp_rset_timeout;
    case proto::ClientStage::quit:
      return settings_.smtp_quit_timeout;
  }
  return settings_.smtp_rcpt_timeout;
}

void SmtpClient::allow(net::Wire& wire, std::chrono::seconds budget) const {
  net::DeadlinePolicy policy;
  policy.budget = budget;
  wire.set_deadline_policy(policy);
  wire.reset_deadline();
}

Task<void> SmtpClient::converse(net::Wire& wire, proto::ClientDialog& dialog,
                                const queue::Delivery& delivery,
                                std::optional<Error>& own_failure) {
  proto::ReplyCollector collector;
  int lines = 0;
  Result<void> going;
  while (going && !dialog.finished()) {
    allow(wire, timeout_of(dialog.stage()));
    if (const std::string output = dialog.take_output(); !output.empty()) {
      wire.queue(output);
      going = co_await wire.flush();
      continue;
    }
    if (dialog.wants_content()) {
      going = co_await send_content(wire, dialog, delivery, own_failure);
      if (going) dialog.content_sent();
      continue;
    }
    const Result<net::Line> line = co_await wire.read_line(kReplyLineBytes);
    if (!line) {
      going = tl::unexpected(line.error());
      continue;
    }
    const auto progress = collector.add(line->text);
    if (progress == proto::ReplyCollector::Progress::malformed || ++lines > kReplyLines) {
      going = fail(Code::invalid, "malformed reply");
    } else if (progress == proto::ReplyCollector::Progress::complete) {
      lines = 0;
      dialog.on_reply(collector.take());
    }
  }
  if (!going) {
    const std::string& server = dialog.server();
    if (own_failure) {
      dialog.abandon("4.3.0", "local data error while talking to " + server);
      co_return;
    }
    const bool timed_out = going.error().code == Code::timeout;
    std::string what = "lost connection with " + server;
    if (timed_out) what = "conversation with " + server + " timed out";
    if (going.error().code == Code::invalid) what = "malformed reply from " + server;
    dialog.lost("4.4.2", what);
    co_return;
  }
  if (const std::string quit = dialog.take_output(); !quit.empty()) {
    allow(wire, settings_.smtp_quit_timeout);
    wire.queue(quit);
    const Result<void> said = co_await wire.flush();
    static_cast<void>(said);  // everything was settled before
  }
}

void SmtpClient::warn(const queue::Delivery& delivery, const Error& error) {
  Event event;
  event.program = Program::smtp;
  event.level = Level::warning;
  event.text = fmt::format("{}: {}", delivery.id, error.text());
  log_.write(event);
}

// Away from the loop.
Task<Result<std::string_view>> SmtpClient::next_of(OutgoingContent& content) {
  Result<std::string_view> bytes;
  const std::function<Result<void>()> read = [&content, &bytes]() -> Result<void> {
    bytes = content.next();
    return {};
  };
  Result<void> done;
  if (checks_ == nullptr)
    done = co_await net::run_blocking(pool_, read);
  else
    done = co_await turns_.run(checks_, settings_.smtp_data_xfer_timeout, read);
  if (!done) bytes = tl::unexpected(std::move(done.error()));
  co_return bytes;
}

Task<Result<void>> SmtpClient::send_content(net::Wire& wire, const proto::ClientDialog& dialog,
                                            const queue::Delivery& delivery,
                                            std::optional<Error>& own_failure) {
  if (!dialog.content_is_wanted()) {
    wire.queue(".\r\n");
    wire.reset_deadline();
    co_return co_await wire.flush();
  }
  const bool downgrade = !dialog.takes_eight_bit() && !settings_.disable_mime_output_conversion &&
                         delivery.file->envelope().body != proto::Body::seven_bit;
  OutgoingContent content(delivery, settings_, checks_, downgrade, log_);
  for (;;) {
    const Result<std::string_view> bytes = co_await next_of(content);
    if (!bytes) {
      own_failure = bytes.error();
      if (!content.checks_failed()) warn(delivery, bytes.error());
      co_return tl::unexpected(bytes.error());
    }
    if (bytes->empty()) co_return Result<void>();
    wire.queue(*bytes);
    wire.reset_deadline();
    Result<void> sent_chunk = co_await wire.flush();
    if (!sent_chunk) co_return sent_chunk;
  }
}

}  // namespace headgate::deliver
