// Tested by the dialogues in tests/smtp.
#include "smtpd/session/session.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "smtpd/proto/address.h"

namespace headgate::session {
namespace {

std::string ratio(std::uint32_t good, std::uint32_t all) {
  return good == all ? fmt::format("{}", all) : fmt::format("{}/{}", good, all);
}

}  // namespace

std::string Peer::name_and_address() const {
  return shows_port ? fmt::format("{}[{}]:{}", name, address, port)
                    : fmt::format("{}[{}]", name, address);
}

void Session::begin_again() {
  forget_transaction();
  helo.reset();
  deferrals = Deferrals();
  protocol = "SMTP";
  dsn_hidden = chunking_hidden = smtputf8_hidden = false;
}

void Session::forget_transaction() {
  if (envelope) most_recipients_ = std::max(most_recipients_, envelope->recipients.size());
  chunked.reset();  // before the envelope that it borrows
  chunks = Chunks::none;
  envelope.reset();
  forwarded = Forwarded();
  effects = access::Effects();
  overshoot = 0;
}

std::string Session::envelope_text(std::optional<std::string_view> recipient) const {
  std::string text;
  if (envelope) text += fmt::format(" from=<{}>", proto::quote_address(envelope->sender));
  if (recipient) text += fmt::format(" to=<{}>", proto::quote_address(*recipient));
  text += fmt::format(" proto={}", protocol);
  if (helo) text += fmt::format(" helo=<{}>", *helo);
  return text;
}

std::string Session::client_text() const {
  std::string text = fmt::format("client={}", peer.name_and_address());
  if (!sasl_method.empty()) text += fmt::format(", sasl_method={}", sasl_method);
  if (!sasl_username.empty()) text += fmt::format(", sasl_username={}", sasl_username);
  return text + forwarded.log_text();
}

std::string Session::message_origin() const {
  return forwarded.client ? forwarded.name_and_address() : peer.name_and_address();
}

std::string Session::message_text(std::optional<std::string_view> recipient) const {
  if (!forwarded.client) return envelope_text(recipient);
  std::string text;
  if (envelope) text += fmt::format(" from=<{}>", proto::quote_address(envelope->sender));
  if (recipient) text += fmt::format(" to=<{}>", proto::quote_address(*recipient));
  text += fmt::format(" proto={}", forwarded.protocol);
  if (!forwarded.helo.empty()) text += fmt::format(" helo=<{}>", forwarded.helo);
  return text;
}

std::string Session::after_where() const {
  const std::size_t content = where.find(" content");
  if (content == std::string::npos) return where;
  return fmt::format("{} ({} bytes)", where.substr(0, content), content_wire_bytes);
}

std::string Session::disconnect_text() const {
  std::string text = fmt::format("disconnect from {}", peer.name_and_address());
  std::uint32_t good = 0, all = 0;
  for (std::size_t i = 0; i < proto::kVerbCount; ++i) {
    if (counts_[i].all == 0) continue;
    text += fmt::format(" {}={}", proto::row(static_cast<proto::Verb>(i)).counter,
                        ratio(counts_[i].good, counts_[i].all));
    good += counts_[i].good;
    all += counts_[i].all;
  }
  if (all == 0) return text + " commands=0/0";
  return text + fmt::format(" commands={}", ratio(good, all));
}

void Session::count(proto::Verb verb, bool success) {
  Count& count = counts_[static_cast<std::size_t>(verb)];
  ++count.all;
  if (!success) return;
  ++count.good;
  if (!proto::row(verb).junk || verb == proto::Verb::ehlo || verb == proto::Verb::helo)
    verbs_done_ |= 1U << static_cast<unsigned>(verb);
}

void Session::count_junk() {
  if (junk++ > settings().smtpd_junk_command_limit) ++errors;
}

void Session::forgive_errors() {
  errors = junk = 0;
  verbs_done_ = 0;
  most_recipients_ = 0;
}

std::uint64_t Session::steps() const {
  const std::size_t recipients = envelope ? envelope->recipients.size() : 0;
  return static_cast<std::uint64_t>(std::popcount(verbs_done_)) +
         std::max(most_recipients_, recipients);
}

void Session::log(EventSink& sink, Level level, std::string text, Program program) const {
  Event event;
  event.program = program;
  event.level = level;
  event.text = std::move(text);
  write(sink, std::move(event));
}

void Session::log_as(std::string_view kind, EventSink& sink, std::string text,
                     std::vector<Field> more) const {
  Event event;
  event.program = Program::smtpd;
  event.kind = kind;
  event.text = std::move(text);
  event.fields = std::move(more);
  write(sink, std::move(event));
}

void Session::write(EventSink& sink, Event event) const {
  event.number = number;
  if (sink.wants_fields()) {
    std::vector<Field>& fields = event.fields;
    fields.push_back({"service", service});
    fields.push_back({"client_name", peer.name});
    fields.push_back({"client_address", peer.address});
    fields.push_back({"client_port", std::int64_t{peer.port}});
    fields.push_back({"protocol", protocol});
    if (tls) fields.push_back({"tls_protocol", tls->protocol});
    if (tls) fields.push_back({"tls_cipher", tls->cipher});
    if (helo) fields.push_back({"helo", *helo});
    if (envelope) fields.push_back({"sender", envelope->sender});
  }
  sink.write(event);
}

}  // namespace headgate::session
