// ContentSink: what the content checks keep, on its way into the queue file, and what cleanup(8) does about the primary
// headers on the way: it tells the Message-ID, counts the hops, and adds what a local client's message lacks.
//   Lifetime  borrows the Writer; the intake takes it away (stop()) once nothing more shall be written.
//   Threads   one owner.
//   Source    cleanup(8); postconf(5): always_add_missing_headers, detect_8bit_encoding_header, hopcount_limit,
//             undisclosed_recipients_header; smtpd.md §8.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/base/event.h"
#include "engine/checks/inspector.h"
#include "engine/mail/known_header.h"
#include "smtpd/queue/writer.h"
#include "smtpd/session/queue_file_meter.h"

namespace headgate::session {

struct HeaderPolicy {
  bool add_missing = false;  // for local clients and always_add_missing_headers
  bool long_queue_ids = false;
  bool body_declared = false;  // MAIL said BODY=
  bool detect_8bit_encoding_header = true;
  std::string myhostname, sender, undisclosed_recipients_header;
  std::int64_t hopcount_limit = 50;
  WallTime now{};
};

class ContentSink final : public checks::Sink {
 public:
  using Say = std::function<void(Level, std::string)>;  // the line after the queue id

  // `meter`: with the envelope in it.
  ContentSink(queue::Writer& writer, HeaderPolicy policy, QueueFileMeter meter, Say say)
      : writer_(&writer), policy_(std::move(policy)), meter_(meter), say_(std::move(say)) {}

  // The Inspector's verdict (borrowed): what it hands over once that is a refusal is neither measured nor kept.
  void follow(const checks::Verdict& verdict) { verdict_ = &verdict; }

  void begin();  // a long envelope can be too big already

  void record(std::string_view bytes, bool continued) override;
  void lines(std::string_view lines) override;
  void primary_header_found(mail::KnownHeader header) override;
  void known_header(mail::KnownHeader header, std::string_view text, bool primary) override;
  void end_of_primary_headers() override;

  // After the last record of a message that the checks accept: what the verdict adds to cleanup's queue file.
  void end(const checks::Verdict& verdict);

  [[nodiscard]] bool accepting() const override { return complaint_ == Complaint::none; }

  void stop() { writer_ = nullptr; }

  enum class Complaint { none, too_many_hops, no_received, too_big };

  [[nodiscard]] Complaint complaint() const { return complaint_; }

  // The queue file cannot be flushed whole, whatever it was refused for.
  [[nodiscard]] bool over_limit() const { return meter_.over_limit(); }

  // A header is not ASCII: SMTPUTF8 is needed to send it on.
  [[nodiscard]] bool utf8_header() const { return utf8_header_; }

  // A Content-Transfer-Encoding said 8bit or binary (detect_8bit_encoding_header).
  [[nodiscard]] bool eight_bit() const { return eight_bit_; }

 private:
  [[nodiscard]] bool keeps() const;
  void complain_of_size();
  void add_missing();
  void add_undisclosed();
  void add_message_id();
  void add_from();
  [[nodiscard]] bool lacks(mail::KnownHeader plain, mail::KnownHeader resent) const;
  void add(std::string_view name, std::string_view value);

  queue::Writer* writer_;
  const HeaderPolicy policy_;
  QueueFileMeter meter_;
  const Say say_;
  const checks::Verdict* verdict_ = nullptr;
  mail::KnownHeaders seen_;
  std::string_view resent_;  // "Resent-" once such a header was seen
  std::int64_t hops_ = 0;
  Complaint complaint_ = Complaint::none;
  bool eight_bit_ = false, in_headers_ = true, utf8_header_ = false;
};

}  // namespace headgate::session
