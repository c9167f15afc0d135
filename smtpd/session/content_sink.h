// ContentSink: what the content checks keep, on its way into the queue file. Adds the headers that cleanup(8) adds to a
// local client's message, and notes the Message-ID for the log.
//   Lifetime  borrows the Writer; the intake takes it away (stop()) once nothing more shall be written.
//   Threads   one owner.
//   Source    cleanup(8); smtpd.md §8 (missing headers, message-id=<>).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/env.h"
#include "engine/checks/inspector.h"
#include "smtpd/queue/writer.h"

namespace headgate::session {

// Message-Id, Date and From, for local clients and always_add_missing_headers.
struct MissingHeaders {
  bool add = false;
  std::string myhostname, sender;
  WallTime now{};
};

class ContentSink final : public checks::Sink {
 public:
  ContentSink(queue::Writer& writer, MissingHeaders missing)
      : writer_(&writer), missing_(std::move(missing)) {}

  void record(std::string_view bytes, bool continued) override;
  void end_of_primary_headers(const checks::PrimaryHeaders& seen) override;

  void stop() { writer_ = nullptr; }

  [[nodiscard]] int received_count() const { return received_count_; }

  [[nodiscard]] const std::string& message_id() const {
    return message_id_;
  }  // "<a@b>" or "" when there is none

 private:
  void note_message_id(std::string_view record);
  void add_missing(const checks::PrimaryHeaders& seen);

  queue::Writer* writer_;
  MissingHeaders missing_;
  std::string message_id_;
  int received_count_ = 0;
  bool in_headers_ = true, in_message_id_ = false;
};

}  // namespace headgate::session
