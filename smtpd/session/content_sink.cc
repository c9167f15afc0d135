// Tested by tests/smtp/missing_headers.smtp.
#include "smtpd/session/content_sink.h"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"
#include "smtpd/proto/received.h"

namespace headgate::session {
namespace {

constexpr std::string_view kMessageId = "message-id:";
constexpr std::size_t kMaxLoggedId = 998;

}  // namespace

void ContentSink::record(std::string_view bytes, bool continued) {
  if (in_headers_) note_message_id(bytes);
  if (writer_ != nullptr) writer_->record(bytes, continued);
}

// The value may stand on the line after the name.
void ContentSink::note_message_id(std::string_view record) {
  const bool continues = !record.empty() && (record[0] == ' ' || record[0] == '\t');
  if (!continues) in_message_id_ = text::starts_with_ignore_case(record, kMessageId);
  if (!in_message_id_ || message_id_.size() >= kMaxLoggedId) return;
  if (!continues) record.remove_prefix(kMessageId.size());
  message_id_ += text::trim(record).substr(0, kMaxLoggedId - message_id_.size());
}

void ContentSink::end_of_primary_headers(const checks::PrimaryHeaders& seen) {
  received_count_ = seen.received_count;
  if (missing_.add) add_missing(seen);
  in_headers_ = false;
}

void ContentSink::add_missing(const checks::PrimaryHeaders& seen) {
  if (writer_ == nullptr) return;
  if (!seen.message_id) {
    message_id_ = fmt::format("<{:%Y%m%d%H%M%S}.{}@{}>",
                              fmt::gmtime(WallTime::clock::to_time_t(missing_.now)), writer_->id(),
                              missing_.myhostname);
    writer_->record("Message-Id: " + message_id_, false);
  }
  if (!seen.date)
    writer_->record(
        "Date: " + proto::rfc5322_date(missing_.now, proto::local_zone(missing_.now).offset),
        false);
  if (!seen.from) {
    const std::string who =
        missing_.sender.empty() ? "MAILER-DAEMON" : proto::quote_address(missing_.sender);
    writer_->record("From: " + who, false);
  }
}

}  // namespace headgate::session
