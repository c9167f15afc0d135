// Logs: where a server's events go: the mail log, and the JSON log beside it where maillog_json_file names one.
//   Lifetime  borrows `env`.        Threads  as the sinks': any thread.
//   Errors    open() and reopen() as open(2).        Source    MAILLOG_README; architecture.md D12.
#pragma once

#include <memory>
#include <string>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "smtpd/config/settings.h"
#include "smtpd/observe/json_log.h"
#include "smtpd/observe/maillog.h"

namespace headgate::cli {

class Logs {
 public:
  static Result<Logs> open(const config::Settings& settings, const Env& env);
  // The same without a thread, until gather().
  static Result<Logs> open_plain(const config::Settings& settings, const Env& env);

  // Over files that MASTER has opened: the mail log's (none: standard error) and, if there is one, the JSON log's.
  static Logs over(const config::Settings& settings, const Env& env, Fd mail, Fd json);

  [[nodiscard]] EventSink& sink();

  // After the files were renamed (SIGUSR1). A file that cannot be opened goes on as it was.
  Result<void> reopen();
  void use(Fd mail, Fd json);  // one that is not valid stays as it is

  // -1: not a file.
  [[nodiscard]] int mail_descriptor() { return mail_->file().descriptor(); }

  [[nodiscard]] int json_descriptor() { return json_ ? json_->file().descriptor() : -1; }

  void gather();  // lines may wait for others from now on, and there is a thread for that
  void flush();

 private:
  std::unique_ptr<observe::Maillog> mail_;
  std::unique_ptr<observe::JsonLog> json_;
  std::unique_ptr<observe::Tee> both_;
};

}  // namespace headgate::cli
