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

  [[nodiscard]] EventSink& sink();

  // After the files were renamed (SIGUSR1). A file that cannot be opened goes on as it was.
  Result<void> reopen();

 private:
  std::unique_ptr<observe::Maillog> mail_;
  std::unique_ptr<observe::JsonLog> json_;
  std::unique_ptr<observe::Tee> both_;
};

}  // namespace headgate::cli
