// JsonLog: an EventSink that writes each event as one line of JSON, beside the mail log (maillog_json_file):
//   {"time":"2026-11-30T04:47:06.123456Z","host":"mx1","program":"smtpd","session":7,"level":"info","event":"connect",
//    "client_name":"mail.example","client_address":"192.0.2.1","text":"connect from mail.example[192.0.2.1]"}
// Tee: two sinks behind one.
//   Form      "event" and an event's own fields only where it has them; "session" where it has a number, else "pid"; bytes
//             that are no UTF-8 are replaced. docs/logs.md lists events and fields.
//   Threads   write() and reopen() from any thread.
//   Errors    open() and reopen() fail as open(2) does; a line that cannot be written is lost: the mail log has it too.
#pragma once

#include <memory>
#include <string>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/base/event.h"
#include "smtpd/observe/log_file.h"

namespace headgate::observe {

// Without its newline.
std::string json_line(const Event& event, std::string_view host, WallTime wall);

class JsonLog final : public EventSink {
 public:
  // `env` is borrowed.
  static Result<std::unique_ptr<JsonLog>> open(std::string path, std::string host, const Env& env);

  // Over a file that somebody else has opened.
  static std::unique_ptr<JsonLog> over(std::string host, const Env& env,
                                       std::unique_ptr<LogFile> file);

  void write(const Event& event) override;

  [[nodiscard]] bool wants_fields() const override { return true; }

  // After the file was renamed. On failure the old file stays open.
  Result<void> reopen() { return file_->reopen(); }

  [[nodiscard]] LogFile& file() { return *file_; }

 private:
  JsonLog(std::string host, const Env& env, std::unique_ptr<LogFile> file)
      : host_(std::move(host)), env_(env), file_(std::move(file)) {}

  const std::string host_;
  const Env& env_;
  std::unique_ptr<LogFile> file_;
};

class Tee final : public EventSink {
 public:
  // Both are borrowed.
  Tee(EventSink& first, EventSink& second) : first_(first), second_(second) {}

  void write(const Event& event) override {
    first_.write(event);
    second_.write(event);
  }

  [[nodiscard]] bool wants_fields() const override {
    return first_.wants_fields() || second_.wants_fields();
  }

 private:
  EventSink &first_, &second_;
};

}  // namespace headgate::observe
