// Tested by tests/e2e/json_log_test.py.
#include "smtpd/cli/logs.h"

#include <utility>

namespace headgate::cli {

Result<Logs> Logs::open(const config::Settings& settings, const Env& env) {
  observe::MaillogOptions options;
  options.path = settings.maillog_file;
  options.syslog_name = settings.syslog_name;
  options.host = settings.myhostname;
  options.utf8 = settings.smtputf8_enable;
  Logs logs;
  TRY(mail, observe::Maillog::open(options, env));
  logs.mail_ = std::move(mail);
  if (settings.maillog_json_file.empty()) return logs;
  TRY(json, observe::JsonLog::open(settings.maillog_json_file, settings.myhostname, env));
  logs.json_ = std::move(json);
  logs.both_ = std::make_unique<observe::Tee>(*logs.mail_, *logs.json_);
  return logs;
}

EventSink& Logs::sink() {
  if (both_) return *both_;
  return *mail_;
}

Result<void> Logs::reopen() {
  Result<void> mail = mail_->reopen();
  if (json_) {
    Result<void> json = json_->reopen();
    if (mail) mail = std::move(json);
  }
  return mail;
}

}  // namespace headgate::cli
