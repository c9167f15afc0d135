// Tested by content_sink_test, tests/smtp (headers_*, missing_headers, hops*, no_received), and beside Postfix by
// tests/collide/whole_messages.py.
#include "smtpd/session/content_sink.h"

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/mail/header.h"
#include "smtpd/proto/address.h"
#include "smtpd/proto/received.h"

namespace headgate::session {
namespace {

using mail::KnownHeader;

std::string_view header_value(std::string_view text) {
  const std::size_t name = mail::header_name(text).size() + 1;
  return text::trim_left(text.substr(std::min(name, text.size())));
}

}  // namespace

bool ContentSink::keeps() const {
  if (writer_ == nullptr || complaint_ != Complaint::none) return false;
  return verdict_ == nullptr || verdict_->disposition == checks::Disposition::accept;
}

void ContentSink::record(std::string_view bytes, bool continued) {
  if (in_headers_ && !text::is_ascii(bytes)) utf8_header_ = true;
  if (!keeps()) return;
  meter_.text(bytes);
  if (meter_.write_fails()) return complain_of_size();
  writer_->record(bytes, continued);
}

// Each is measured, for the file may become too long with any of them; those before it are written at once. Where that
// fails the message has ended before the one that is too much.
void ContentSink::lines(std::string_view lines) {
  if (!keeps()) return;
  std::size_t measured = 0;
  while (measured < lines.size()) {
    const std::size_t end = lines.find('\n', measured);
    meter_.text(lines.substr(measured, end - measured));
    if (meter_.write_fails()) break;
    measured = end + 1;
  }
  if (measured > 0) writer_->record(lines.substr(0, measured - 1), false);
  if (measured < lines.size() && writer_->status()) complain_of_size();
}

void ContentSink::begin() {
  if (meter_.write_fails()) complain_of_size();
}

void ContentSink::end(const checks::Verdict& verdict) {
  if (complaint_ != Complaint::none) return;
  meter_.record(0);  // the content ends
  if (verdict.filter) meter_.record(verdict.filter->size());
  if (eight_bit_ || policy_.body_declared) meter_.attribute("encoding", 4);
  if (verdict.redirect) meter_.record(verdict.redirect->size());
  for (const std::string& address : verdict.bcc) meter_.recipient("NEVER", "", address);
  meter_.record(0);  // the file ends
  if (meter_.over_limit()) complain_of_size();
}

void ContentSink::complain_of_size() {
  complaint_ = Complaint::too_big;
  say_(Level::warning, "queue file size limit exceeded");
}

// Counted before anything can delete it: a loop must not hide behind an IGNORE.
void ContentSink::primary_header_found(KnownHeader header) {
  if (header == KnownHeader::received) ++hops_;
}

void ContentSink::known_header(KnownHeader header, std::string_view text, bool primary) {
  if (header == KnownHeader::content_transfer_encoding && policy_.detect_8bit_encoding_header) {
    const std::string_view encoding = header_value(text);
    eight_bit_ |=
        text::equal_ignore_case(encoding, "8bit") || text::equal_ignore_case(encoding, "binary");
  }
  if (!text::is_ascii(text)) utf8_header_ = true;
  if (!primary) return;
  seen_.add(header);
  if (header == KnownHeader::message_id)
    say_(Level::info, fmt::format("message-id={}", header_value(text)));
  if (header == KnownHeader::resent_message_id)
    say_(Level::info, fmt::format("resent-message-id={}", header_value(text)));
  if (header == KnownHeader::received && hops_ >= policy_.hopcount_limit) {
    complaint_ = Complaint::too_many_hops;
    say_(Level::warning, "message rejected: hopcount exceeded");
  }
  if (mail::is_resent_header(header)) resent_ = "Resent-";
}

// Ours was there, so something made it unrecognisable: message_strip_characters can.
void ContentSink::end_of_primary_headers() {
  in_headers_ = false;
  if (complaint_ != Complaint::none) return;
  if (hops_ == 0) {
    complaint_ = Complaint::no_received;
    say_(Level::warning, "message rejected: no Received: header");
    return;
  }
  if (policy_.add_missing) add_missing();
  if (!seen_.has(KnownHeader::message_id)) say_(Level::info, "message-id=<>");
}

bool ContentSink::lacks(KnownHeader plain, KnownHeader resent) const {
  return !seen_.has(resent_.empty() ? plain : resent);
}

void ContentSink::add(std::string_view name, std::string_view value) {
  record(fmt::format("{}{}: {}", resent_, name, value), false);
}

void ContentSink::add_missing() {
  if (writer_ == nullptr) return;
  if (lacks(KnownHeader::message_id, KnownHeader::resent_message_id)) add_message_id();
  if (lacks(KnownHeader::date, KnownHeader::resent_date))
    add("Date", proto::mail_date(policy_.now, proto::local_zone(policy_.now)));
  if (lacks(KnownHeader::from, KnownHeader::resent_from)) add_from();
  const bool visible = seen_.has(KnownHeader::to) || seen_.has(KnownHeader::cc) ||
                       seen_.has(KnownHeader::resent_to) || seen_.has(KnownHeader::resent_cc);
  if (!visible) add_undisclosed();
}

void ContentSink::add_undisclosed() {
  const std::string& line = policy_.undisclosed_recipients_header;
  if (line.empty()) return;
  if (mail::is_header(line)) return record(line, false);
  say_(Level::warning, fmt::format("bad undisclosed_recipients_header header text \"{}\" -- need "
                                   "\"headername: headervalue\"",
                                   line));
}

void ContentSink::add_message_id() {
  std::string id;
  if (!policy_.long_queue_ids)
    id = fmt::format("{:%Y%m%d%H%M%S}.", fmt::gmtime(WallTime::clock::to_time_t(policy_.now)));
  id += fmt::format("{}@{}", writer_->id(), policy_.myhostname);
  add("Message-Id", '<' + id + '>');
  say_(Level::info, fmt::format("{}message-id=<{}>", text::lower(resent_), id));
  seen_.add(resent_.empty() ? KnownHeader::message_id : KnownHeader::resent_message_id);
}

void ContentSink::add_from() {
  add("From", policy_.sender.empty() ? "MAILER-DAEMON" : proto::quote_address(policy_.sender));
}

}  // namespace headgate::session
