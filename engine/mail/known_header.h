// KnownHeader: the header fields that a mail system does more with than pass them on.
//   Threads   pure functions.
//   Source    cleanup(8) of Postfix 3.7 and RFC 5322 §3.6: what is counted, added when missing, rewritten; RFC 2045 §3.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace headgate::mail {

enum class KnownHeader : std::uint8_t {
  apparently_to,
  bcc,
  cc,
  content_description,
  content_disposition,
  content_id,
  content_length,
  content_transfer_encoding,
  content_type,
  date,
  delivered_to,
  disposition_notification_to,
  errors_to,
  from,
  mail_followup_to,
  message_id,
  mime_version,
  received,
  reply_to,
  resent_bcc,
  resent_cc,
  resent_date,
  resent_from,
  resent_message_id,
  resent_reply_to,
  resent_sender,
  resent_to,
  return_path,
  return_receipt_to,
  sender,
  to,
};

// In any case of letters.
std::optional<KnownHeader> find_known_header(std::string_view name);

// The six that always go to mime_header_checks: Content-Description, -Disposition, -ID,
// -Transfer-Encoding, -Type and MIME-Version.
bool is_mime_header(KnownHeader header);

// Resent-…: its presence moves what is added when missing to the Resent- names.
bool is_resent_header(KnownHeader header);

// A set of them, as seen in one block.
class KnownHeaders {
 public:
  void add(KnownHeader header) { bits_ |= bit(header); }

  [[nodiscard]] bool has(KnownHeader header) const { return (bits_ & bit(header)) != 0; }

 private:
  static constexpr std::uint32_t bit(KnownHeader header) {
    return std::uint32_t{1} << static_cast<unsigned>(header);
  }

  std::uint32_t bits_ = 0;
};

}  // namespace headgate::mail
