// QueueFileMeter: how long cleanup(8)'s queue file is by now. That file, and not the content alone, is what cleanup's
// message_size_limit limits: envelope records, content, what the checks added, each record with its type and length.
//   Units     bytes of Postfix's queue file, not of ours (docs/queue_format.md).
//   Threads   one owner.       Cost  arithmetic; nothing is kept.
//   Source    cleanup(8), postconf(5) message_size_limit; queue files of Postfix 3.7.11, as docs/compat.md (30) tells.
#pragma once

#include <cstdint>
#include <string_view>

namespace headgate::session {

class Session;

class QueueFileMeter {
 public:
  // `limit_bytes` 0: none. `line_length_limit`: cleanup's; text is cut into records of so many bytes.
  QueueFileMeter(std::uint64_t limit_bytes, std::uint64_t line_length_limit)
      : limit_(limit_bytes), line_limit_(line_length_limit) {}

  // The envelope as smtpd hands it over before the content.
  void envelope(const Session& session, std::string_view id, bool local_client);

  void text(std::string_view bytes);  // one record of content
  void attribute(std::string_view name, std::uint64_t value_bytes);
  void recipient(std::string_view notify, std::string_view original, std::string_view address);
  void record(std::uint64_t payload_bytes);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  // All of it, once it is flushed.
  [[nodiscard]] bool over_limit() const { return limit_ != 0 && bytes_ > limit_; }

  // What the stream's buffer has let go of so far: this is when cleanup sees it before the end of the message.
  [[nodiscard]] bool write_fails() const;

 private:
  std::uint64_t limit_, line_limit_;
  std::uint64_t bytes_ = 0;
};

}  // namespace headgate::session
