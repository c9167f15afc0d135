// ScriptWire: a Wire whose other end is a script of C: and S: lines, so that a whole SMTP session runs in memory.
//   C: TEXT        the client sends TEXT and CRLF; neighbouring C: lines arrive together, as a pipelining client's do
//   C\: TEXT       the same with \r \n \0 \t \\ \xHH understood and no line end added
//   S: TEXT        the server's next reply begins with TEXT ("250" fits "250-a … 250 z": its last line counts)
//   S: 250-TEXT    the server's next line begins so (one line of a longer reply)
//   HANGUP         the client closes          TIMEOUT  the client is silent until the deadline passes
//   CLOSED         the server has closed the connection
//   TLS            the client shakes hands; what it had sent before and the server has not read is lost to both
//   Errors    what does not fit is kept in failures(); the script then goes on as far as it can.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/net/wire.h"

namespace headgate::testing_support {

struct ScriptStep {
  enum class Kind { client, server, hang_up, time_out, closed, tls };
  Kind kind = Kind::client;
  std::string text;
  int line = 0;
};

// Lines that are empty or start with # are left out; other lines that are no step are returned in `other`.
std::vector<ScriptStep> parse_script(std::string_view text,
                                     std::vector<std::string>* other = nullptr);

class ScriptWire final : public net::Wire {
 public:
  explicit ScriptWire(std::vector<ScriptStep> steps) : steps_(std::move(steps)) {}

  void set_deadline_policy(net::DeadlinePolicy policy) override { policy_ = policy; }

  void reset_deadline() override {}

  Task<Result<net::Line>> read_line(std::size_t limit_bytes) override;
  Task<Result<std::string_view>> read_some() override;
  void consume(std::size_t bytes) override;
  std::string_view pending() override;

  [[nodiscard]] std::string_view buffered() const override { return input_; }

  void queue(std::string_view bytes) override { queued_ += bytes; }

  Task<Result<void>> flush() override;
  // A made-up TLS 1.3 connection, or what stands in the place of TLS in the script.
  Task<Result<net::TlsInfo>> start_tls(const net::TlsStart& how) override;

  void close() override { closed_ = true; }

  void interrupt() override { interrupted_ = true; }

  // Content comes in pieces of so many bytes, however much of it has arrived.
  void read_at_most(std::size_t bytes) { most_ = bytes; }

  // Call after the server's coroutine has ended: checks what is left of the script.
  void finish();

  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

  [[nodiscard]] const net::DeadlinePolicy& policy() const { return policy_; }

  [[nodiscard]] const std::string& transcript() const {
    return transcript_;
  }  // all that the server sent

  [[nodiscard]] int flushes() const { return flushes_; }

 private:
  Result<void> more();  // takes client steps up to the next S: line into input_
  void match_replies();
  bool match_one(const ScriptStep& step);
  void fail_at(const ScriptStep& step, const std::string& what);

  std::vector<ScriptStep> steps_;
  std::size_t next_ = 0;
  std::string input_, line_, queued_, output_, transcript_;
  std::vector<std::string> failures_;
  net::DeadlinePolicy policy_;
  int flushes_ = 0;
  std::size_t most_ = std::string::npos;
  bool closed_ = false, interrupted_ = false;
};

}  // namespace headgate::testing_support
