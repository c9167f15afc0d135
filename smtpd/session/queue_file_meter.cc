// How it works: the limit is the process's RLIMIT_FSIZE in Postfix, so a write fails that would lengthen the file beyond
// it. cleanup writes through a buffer: the first failure is seen by the record whose byte finds a full buffer that ends
// beyond the limit, or by the flush at the end of the message.
// The message_arrival_time record holds microseconds without leading zeros; six digits are assumed.
// Tested by queue_file_meter_test, tests/e2e/cleanup_service_test.py and, beside Postfix, tests/collide.
#include "smtpd/session/queue_file_meter.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/session/recipients.h"
#include "smtpd/session/session.h"

namespace headgate::session {
namespace {

constexpr std::uint64_t kBufferBytes = 4096;
constexpr std::uint64_t kSizeRecord = 95;  // six numbers of fifteen digits
constexpr std::uint64_t kTimeRecord = 17;  // "1700000000 123456"
constexpr std::uint64_t kSecondsDigits = 10;

// A length is written in groups of seven bits.
std::uint64_t length_bytes(std::uint64_t length) {
  std::uint64_t bytes = 1;
  while ((length >>= 7U) != 0) ++bytes;
  return bytes;
}

// NEVER=1, SUCCESS=2, FAILURE=4, DELAY=8, as a decimal number.
std::uint64_t notify_digits(std::string_view notify) {
  int flags = 0;
  for (const std::string& word : text::split_list(notify)) {
    if (text::equal_ignore_case(word, "SUCCESS")) flags |= 2;
    if (text::equal_ignore_case(word, "FAILURE")) flags |= 4;
    if (text::equal_ignore_case(word, "DELAY")) flags |= 8;
  }
  return flags >= 10 ? 2 : 1;
}

std::uint64_t digits(unsigned number) { return fmt::formatted_size("{}", number); }

}  // namespace

void QueueFileMeter::record(std::uint64_t payload_bytes) {
  bytes_ += 1 + length_bytes(payload_bytes) + payload_bytes;
}

void QueueFileMeter::text(std::string_view bytes) {
  std::uint64_t left = bytes.size();
  for (; left > line_limit_; left -= line_limit_) record(line_limit_);
  record(left);
}

void QueueFileMeter::attribute(std::string_view name, std::uint64_t value_bytes) {
  record(name.size() + 1 + value_bytes);
}

void QueueFileMeter::recipient(std::string_view notify, std::string_view original,
                               std::string_view address) {
  if (!notify.empty()) attribute("notify_flags", notify_digits(notify));
  if (!original.empty()) attribute("dsn_orig_rcpt", original.size());
  record(address.size());  // original_recipient
  record(address.size());
}

void QueueFileMeter::envelope(const Session& session, std::string_view id, bool local_client) {
  const queue::Envelope& envelope = *session.envelope;
  const Peer& peer = session.peer;
  record(kSizeRecord);
  record(kTimeRecord);
  attribute("create_time", kSecondsDigits);
  attribute("log_ident", id.size());
  attribute("rewrite_context", local_client ? 5 : 6);  // "local", "remote"
  const std::string& filter = session.settings().content_filter;
  if (!filter.empty()) record(filter.size());
  if (!envelope.dsn_envid.empty()) attribute("envelope_id", envelope.dsn_envid.size());
  if (!envelope.dsn_ret.empty()) attribute("ret_flags", 1);
  record(envelope.sender.size());
  if (envelope.body != proto::Body::unspecified) attribute("encoding", 4);  // "7bit", "8bit"
  const std::uint64_t helo = session.helo.value_or("").size();
  for (const std::string_view prefix : {"log_", ""}) {
    const auto name = [&](std::string_view rest) { return fmt::format("{}{}", prefix, rest); };
    attribute(name("client_name"), peer.name.size());
    attribute(name("client_address"), peer.address.size());
    attribute(name("client_port"), digits(peer.port));
    if (session.helo) attribute(name("helo_name"), helo);
    attribute(name("protocol_name"), session.protocol.size());
  }
  attribute("log_message_origin", peer.name_and_address().size());
  attribute("reverse_client_name", peer.reverse_name.size());
  attribute("server_address", peer.server_address.size());
  attribute("server_port", digits(peer.server_port));
  attribute("client_address_type", peer.address.find(':') == std::string::npos ? 1 : 2);  // 2, 10
  std::vector<queue::Recipient> recipients = envelope.recipients;
  merge_duplicates(recipients);
  for (const queue::Recipient& to : recipients) recipient(to.notify, to.original, to.address);
  record(0);  // the content begins
}

bool QueueFileMeter::write_fails() const {
  return limit_ != 0 && bytes_ > (limit_ / kBufferBytes + 1) * kBufferBytes;
}

}  // namespace headgate::session
