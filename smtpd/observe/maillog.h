// Maillog: the EventSink that writes lines as Postfix's maillog_file has them, so that pflogsumm,
// fail2ban and logwatch read them unchanged:   Nov 22 19:49:39 mx1 postfix/smtpd[1042]: warning:
// text
//   Form      local time, the host's name up to its first dot, syslog_name/program, the session's
//   number (the process
//             id when it is 0); text through text::printable. Warnings and errors are written at once (LogFile).
//   Threads   write() and reopen() from any thread.
//   Errors    open() and reopen() fail as open(2) does; a line that cannot be written goes to
//   standard error. Source    MAILLOG_README, postlogd(8).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/base/event.h"
#include "smtpd/observe/log_file.h"

namespace headgate::observe {

struct MaillogOptions {
  std::string path;  // maillog_file; "" = standard error, "/dev/stdout" = standard output
  std::string syslog_name = "postfix";  // before "/smtpd"
  std::string host;                     // "" = gethostname()
  bool utf8 = true;                     // smtputf8_enable: UTF-8 is printable
};

class Maillog final : public EventSink {
 public:
  // `env` is borrowed.
  static Result<std::unique_ptr<Maillog>> open(MaillogOptions options, const Env& env);

  void write(const Event& event) override;

  // Over a file that somebody else has opened.
  static std::unique_ptr<Maillog> over(MaillogOptions options, const Env& env,
                                       std::unique_ptr<LogFile> file);

  // After the file was renamed (SIGUSR1). On failure the old file stays open.
  Result<void> reopen() { return file_->reopen(); }

  [[nodiscard]] LogFile& file() { return *file_; }

 private:
  Maillog(MaillogOptions options, const Env& env, std::unique_ptr<LogFile> file)
      : options_(std::move(options)), env_(env), file_(std::move(file)) {}

  [[nodiscard]] std::string time_text(WallTime wall);

  MaillogOptions options_;
  const Env& env_;
  std::unique_ptr<LogFile> file_;
  std::mutex mutex_;
  std::int64_t second_ = -1;  // what second_text_ says
  std::string second_text_;
};

// The daemon's name as it stands in the log: "smtpd", "virtual".
std::string_view program_name(Program program);

// The whole line without its newline; `wall` is printed in local time.
std::string maillog_line(const Event& event, const MaillogOptions& options, WallTime wall);

}  // namespace headgate::observe
