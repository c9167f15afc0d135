// Once the message cannot be accepted any more (rejected, discarded, too big, write error) its queue file is removed at
// once and the rest of the content only runs through the DataReader, which finds its end.
// Tested by tests/smtp (checks_*, missing_headers, hops, long_line …), tests/e2e/delivery_test.py.
#include "smtpd/session/intake.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"
#include "smtpd/proto/received.h"
#include "smtpd/proto/replies.h"
#include "smtpd/session/open_checks.h"
#include "smtpd/session/recipients.h"
#include "smtpd/session/tls_policy.h"
#include "smtpd/session/tls_text.h"

namespace headgate::session {
namespace {

using proto::Reply;

bool checks_disabled(const config::Settings& settings) {
  const auto& options = settings.receive_override_options;
  return std::find(options.begin(), options.end(), "no_header_body_checks") != options.end();
}

HeaderPolicy header_policy(const Session& session, const Services& services, bool local_client) {
  const config::Settings& settings = session.settings();
  HeaderPolicy policy;
  policy.add_missing = local_client || settings.always_add_missing_headers;
  policy.body_declared = session.envelope->body != proto::Body::unspecified;
  policy.long_queue_ids = settings.enable_long_queue_ids;
  policy.detect_8bit_encoding_header = settings.detect_8bit_encoding_header;
  policy.myhostname = settings.cleanup.myhostname;
  policy.sender = session.envelope->sender;
  policy.undisclosed_recipients_header = settings.undisclosed_recipients_header;
  policy.hopcount_limit = settings.hopcount_limit;
  policy.now = services.env.wall();
  return policy;
}

QueueFileMeter meter_of(const Session& session, std::string_view id, bool local_client) {
  const config::Settings::Cleanup& limits = session.settings().cleanup;
  QueueFileMeter meter(static_cast<std::uint64_t>(limits.message_size_limit),
                       static_cast<std::uint64_t>(limits.line_length_limit));
  meter.envelope(session, id, local_client);
  return meter;
}

int bare_newline_code(const config::Settings& settings) {
  return static_cast<int>(settings.smtpd_forbid_bare_newline_reject_code);
}

bool is_from_line(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('>'), line.size()));
  return line.starts_with("From ");
}

}  // namespace

// cleanup(8)'s lines about a message's content, with the queue id in front.
class Intake::Log final : public checks::ActionObserver {
 public:
  // `held`: by an access table already; nothing is said then of what the checks hold.
  Log(const Session& session, EventSink& sink, const std::string& id, bool held)
      : session_(session), sink_(sink), id_(id), held_(held) {}

  void on_action(const checks::ActionTaken& action) override {
    if (held_ && action.kind == checks::ActionKind::hold) return;
    say_of_message(Level::info, action_log_text(action, session_.message_origin(),
                                                session_.message_text(last_recipient())));
  }

  void on_mime_error(mail::MimeError error, std::string_view found) override {
    say_of_message(Level::info, checks::mime_error_log_text(
                                    error, found, session_.message_origin(),
                                    proto::quote_address(session_.envelope->sender),
                                    proto::quote_address(last_recipient().value_or("unknown"))));
  }

  void on_warning(std::string_view text) override { say(Level::warning, std::string(text)); }

  void on_message_warning(std::string_view text) override { say_of_message(Level::warning, text); }

  void say_of_message(Level level, std::string_view text) const {
    say(level, fmt::format("{}: {}", id_, text));
  }

  void say(Level level, std::string text) const {
    session_.log(sink_, level, std::move(text), Program::cleanup);
  }

  // The one that Postfix names.
  [[nodiscard]] std::optional<std::string_view> last_recipient() const {
    const auto& recipients = session_.envelope->recipients;
    if (recipients.empty()) return std::nullopt;
    return recipients.back().address;
  }

 private:
  const Session& session_;
  EventSink& sink_;
  const std::string& id_;
  const bool held_;
};

Intake::Intake(Session& session, Services& services, std::unique_ptr<queue::Writer> writer,
               proto::DataReader reader, bool local_client)
    : session_(session),
      services_(services),
      state_(session.state),
      writer_(std::move(writer)),
      id_(writer_->id()),
      log_(std::make_unique<Log>(session, services.log, id_, session.effects.hold)),
      sink_(*writer_, header_policy(session, services, local_client),
            meter_of(session, id_, local_client),
            [this](Level level, const std::string& text) { log_->say_of_message(level, text); }),
      reader_(std::move(reader)),
      splitter_(static_cast<std::size_t>(state_->settings->line_length_limit)),
      effects_(session.effects),
      began_(services.env.wall()) {
  const bool disabled = checks_disabled(*state_->settings);
  asks_tables_ = !disabled && !state_->checks->empty();
  const checks::Limits limits = check_limits(*state_->settings);
  inspector_ = std::make_unique<checks::Inspector>(
      disabled ? no_checks_ : *state_->checks, disabled ? unchecked(limits) : limits, sink_, *log_);
  sink_.follow(inspector_->verdict());
  if (effects_.discard) abandon();  // nothing looks at it any more
}

Intake::~Intake() = default;

void Intake::begin() {
  const queue::Envelope& envelope = *session_.envelope;
  proto::Received received;
  received.helo = session_.helo.value_or("");
  received.client_name = session_.peer.name;
  received.client_address = session_.peer.address;
  received.myhostname = state_->settings->myhostname;
  received.mail_name = state_->settings->mail_name;
  received.protocol = session_.protocol;
  received.smtputf8 = envelope.smtputf8;
  received.authenticated = !session_.sasl_username.empty();
  received.encrypted = session_.tls != nullptr;
  if (session_.tls && state_->settings->smtpd_tls_received_header)
    received.tls = tls_received_lines(*session_.tls, asks_client_certificate(*state_->settings));
  received.queue_id = id_;
  if (envelope.recipients.size() == 1) received.recipient = envelope.recipients[0].address;
  received.time = began_;
  received.zone = proto::local_zone(received.time);
  sink_.begin();
  if (!acceptable()) abandon();
  guard([&] {
    for (const auto& lines : {effects_.prepend, proto::received_records(received)}) {
      for (const std::string& line : lines) {
        if (writing()) inspect(line, false);
      }
    }
  });
}

// What throws (no memory) costs this message: the rest of its content is read and forgotten.
template <class Work>
void Intake::guard(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    abandon();
    write_failure_ = Error{Code::bug, error.what(), ""};
  }
}

std::size_t Intake::feed(std::string_view bytes) {
  if (!std::exchange(received_written_, true) && writing()) begin();
  content_.clear();
  content_.reserve(bytes.size());
  const bool over = refused_by_smtpd();
  const std::uint64_t before = reader_.content_bytes();
  const std::size_t taken = reader_.feed(bytes, content_);
  if (over) return taken;
  std::string_view content = content_;
  // The record that a bare newline ends is not measured, nor is what follows: those before it are.
  if (refuses_bare_newline()) content = content.substr(0, *reader_.bare_newline_at() - before);
  take(content);
  if (refuses_bare_newline()) abandon();
  return taken;
}

void Intake::take(std::string_view content) {
  inspector_->look_ahead(content);
  guard([&] { splitter_.feed(content, *this); });
  inspector_->look_ahead({});
}

bool Intake::refuses_bare_newline() const {
  return reader_.mode() == proto::BareNewline::reject && reader_.saw_bare_newline();
}

// smtpd's count: so it is with content that cleanup has refused already.
void Intake::measure(std::size_t record_length) {
  const auto limit = static_cast<std::uint64_t>(state_->settings->message_size_limit);
  size_bytes_ += record_length + 2;
  if (limit == 0 || size_bytes_ <= limit) return;
  too_big_ = true;
  session_.log(services_.log, Level::warning,
               fmt::format("{}: queue file size limit exceeded", id_));
  abandon();
}

void Intake::record(std::string_view bytes, bool continued) {
  if (too_big_) return;
  const bool first = first_;
  if (first && is_from_line(bytes)) {  // not measured
    if (writing())
      inspect(fmt::format("X-Mailbox-Line: {}", bytes.substr(0, bytes.find('\0'))), continued);
    return;
  }
  first_ = false;
  measure(bytes.size());
  if (!writing()) return;
  // Otherwise it would continue our own Received: header.
  if (first && !bytes.empty() && (bytes[0] == ' ' || bytes[0] == '\t'))
    inspector_->record("", false);
  inspect(bytes, continued);
}

// Not before the first record, not once anything is wrong, and not where smtpd's limit might be reached among them: then
// record() says at which.
std::size_t Intake::lines(std::string_view lines) {
  const auto limit = static_cast<std::uint64_t>(state_->settings->message_size_limit);
  const std::uint64_t longest = size_bytes_ + 2 * std::uint64_t{lines.size()};  // if all are empty
  if (first_ || too_big_ || !writing() || (limit != 0 && longest > limit)) return 0;
  const std::size_t taken = inspector_->lines(lines);
  size_bytes_ += taken + mail::count_lines(lines.substr(0, taken));  // \r\n each
  if (!acceptable()) abandon();
  return taken;
}

void Intake::inspect(std::string_view bytes, bool continued) {
  inspector_->record(bytes, continued);
  if (!acceptable()) abandon();
}

bool Intake::acceptable() const {
  return inspector_->verdict().disposition == checks::Disposition::accept &&
         sink_.complaint() == ContentSink::Complaint::none && writer_->status();
}

void Intake::abandon() {
  if (writer_ == nullptr) return;
  if (const Result<void> status = writer_->status(); !status) write_failure_ = status.error();
  sink_.stop();
  writer_.reset();
}

void Intake::give_up(Error why) {
  abandon();
  write_failure_ = std::move(why);
}

Reply Intake::write_failure(const Error& error) {
  log_->say(Level::warning, fmt::format("{}: write queue file: {}", id_, error.text()));
  return error.code == Code::unavailable ? proto::reply::insufficient_storage()
                                         : proto::reply::queue_write_error();
}

void Intake::end() {
  if (!std::exchange(received_written_, true) && writing()) begin();  // no byte came
  if (reader_.framing() == proto::Framing::chunks && !refused_by_smtpd()) {
    content_.clear();
    reader_.finish(content_);
    take(content_);
  }
  guard([&] {
    if (!refused_by_smtpd()) splitter_.end(*this);
    if (writing()) end_content();
  });
}

void Intake::end_content() {
  inspector_->end();
  if (!acceptable()) return;  // conclude() says why
  const checks::Verdict verdict = outcome();
  if (verdict.disposition == checks::Disposition::accept) sink_.end(verdict);
  if (!sink_.accepting()) abandon();
}

Reply Intake::smtpd_refusal(std::string_view where) {
  if (!refuses_bare_newline()) return proto::reply::message_too_big();
  session_.log(services_.log, Level::info,
               fmt::format("{}: reject: {} from {}: bare <LF> received;{}", id_, where,
                           session_.peer.name_and_address(),
                           session_.envelope_text(session_.envelope->recipients[0].address)));
  return proto::reply::bare_newline(bare_newline_code(*state_->settings),
                                    state_->settings->myhostname, false);
}

Reply Intake::queued() const {
  return reader_.framing() == proto::Framing::chunks ? proto::reply::chunks_queued(size_bytes_, id_)
                                                     : proto::reply::queued(id_);
}

Task<Reply> Intake::conclude() {
  const checks::Verdict verdict = outcome();
  // A DISCARD at the end of the data does not undo what is wrong with the message.
  const bool discarded =
      effects_.discard || inspector_->verdict().disposition == checks::Disposition::discard;
  if (refused_by_smtpd()) co_return smtpd_refusal("END-OF-MESSAGE");
  const ContentSink::Complaint complaint = sink_.complaint();
  const bool refused = verdict.disposition != checks::Disposition::accept || !sink_.accepting();
  if (refused && sink_.over_limit()) log_->say(Level::warning, "mail_stream_cleanup: close error");
  if (!discarded && complaint == ContentSink::Complaint::too_many_hops)
    co_return proto::reply::too_many_hops();
  if (!discarded && complaint == ContentSink::Complaint::no_received)
    co_return proto::reply::internal_error();
  if (!discarded && complaint == ContentSink::Complaint::too_big)
    co_return proto::reply::message_too_big();
  if (write_failure_) co_return write_failure(*write_failure_);
  switch (verdict.disposition) {
    case checks::Disposition::discard:
      co_return queued();
    case checks::Disposition::tempfail:
      co_return proto::reply::queue_write_error();
    case checks::Disposition::reject:
      co_return content_reply(verdict.reason);
    case checks::Disposition::accept:
      break;
  }
  Reply reply = co_await commit(verdict);
  co_return reply;
}

// "4.7.1 text" is told as 451, everything else as 550 (content-checks §5.4).
Reply Intake::content_reply(const std::string& reason) {
  const std::string_view dsn = checks::leading_dsn(reason);
  const int code = dsn.starts_with('4') ? 451 : 550;
  const std::string text(text::trim_left(std::string_view(reason).substr(dsn.size())));
  return Reply(code, std::string(dsn), text);
}

Task<Reply> Intake::commit(const checks::Verdict& verdict) {
  queue::Envelope envelope = *session_.envelope;
  apply(verdict, envelope);
  const queue::State where = verdict.hold ? queue::State::hold : queue::State::incoming;
  queue::Commit message(*writer_, envelope, where);
  const Result<void> committed = co_await services_.queue.commit(message);
  sink_.stop();
  writer_.reset();
  if (!committed) co_return write_failure(committed.error());
  co_return queued();
}

// What access tables and content checks decided together. The checks' FILTER and REDIRECT beat those of the tables, of which
// the last counts; a refusal by the checks beats the DISCARD that comes after it.
checks::Verdict Intake::outcome() const {
  checks::Verdict verdict = inspector_->verdict();
  const access::Effects& effects = session_.effects;
  verdict.hold |= effects.hold;
  if (!verdict.filter) verdict.filter = effects.filter;
  if (!verdict.redirect) verdict.redirect = effects.redirect;
  verdict.bcc.insert(verdict.bcc.end(), effects.bcc.begin(), effects.bcc.end());
  if (effects.discard && verdict.disposition == checks::Disposition::accept)
    verdict.disposition = checks::Disposition::discard;
  return verdict;
}

// What was decided about where the message goes. REDIRECT beats FILTER, and BCC too.
void Intake::apply(const checks::Verdict& verdict, queue::Envelope& envelope) const {
  const Forwarded& forwarded = session_.forwarded;
  envelope.client_name = forwarded.client ? forwarded.name : session_.peer.name;
  envelope.client_address = forwarded.client ? forwarded.address : session_.peer.address;
  envelope.helo_name = forwarded.client ? forwarded.helo : session_.helo.value_or("");
  envelope.protocol_name = forwarded.client ? forwarded.protocol : session_.protocol;
  envelope.smtputf8_header = envelope.smtputf8 && sink_.utf8_header();
  envelope.arrival = services_.env.wall();
  envelope.size_bytes = writer_->content_bytes();
  if (sink_.eight_bit()) envelope.body = proto::Body::eight_bit_mime;
  envelope.content_filter = state_->settings->content_filter;
  if (verdict.filter) envelope.content_filter = *verdict.filter;
  for (const std::string& address : verdict.bcc) {
    queue::Recipient recipient;
    recipient.address = address;
    recipient.notify = "NEVER";
    envelope.recipients.push_back(std::move(recipient));
  }
  merge_duplicates(envelope.recipients);
  if (!verdict.redirect) return;
  envelope.content_filter.clear();
  envelope.recipients = {redirected(envelope.recipients, *verdict.redirect)};
}

}  // namespace headgate::session
