// Tested by tests/e2e/json_log_test.py.
#include "smtpd/cli/logs.h"

#include <fcntl.h>

#include <utility>

namespace headgate::cli {

namespace {

observe::MaillogOptions mail_options(const config::Settings& settings) {
  observe::MaillogOptions options;
  options.path = settings.maillog_file;
  options.syslog_name = settings.syslog_name;
  options.host = settings.myhostname;
  options.utf8 = settings.smtputf8_enable;
  return options;
}

}  // namespace

Logs Logs::over(const config::Settings& settings, const Env& env, Fd mail, Fd json) {
  Logs logs;
  const observe::MaillogOptions options = mail_options(settings);
  std::string path = options.path;
  logs.mail_ = observe::Maillog::over(options, env,
                                      observe::LogFile::over(std::move(path), std::move(mail)));
  if (!json.valid()) return logs;
  logs.json_ =
      observe::JsonLog::over(settings.myhostname, env,
                             observe::LogFile::over(settings.maillog_json_file, std::move(json)));
  logs.both_ = std::make_unique<observe::Tee>(*logs.mail_, *logs.json_);
  return logs;
}

Result<Logs> Logs::open_plain(const config::Settings& settings, const Env& env) {
  Fd json;
  if (!settings.maillog_json_file.empty()) {
    const auto file = observe::LogFile::over(settings.maillog_json_file, Fd());
    TRY_OK(file->reopen());
    json = Fd(::fcntl(file->descriptor(), F_DUPFD_CLOEXEC, 0));
  }
  Logs logs = over(settings, env, Fd(), std::move(json));
  TRY_OK(logs.mail_->reopen());
  return logs;
}

Result<Logs> Logs::open(const config::Settings& settings, const Env& env) {
  TRY(logs, open_plain(settings, env));
  logs.gather();
  return std::move(logs);
}

void Logs::gather() {
  mail_->file().gather();
  if (json_) json_->file().gather();
}

void Logs::flush() {
  mail_->file().flush();
  if (json_) json_->file().flush();
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

void Logs::use(Fd mail, Fd json) {
  if (mail.valid()) mail_->file().use(std::move(mail));
  if (json.valid() && json_) json_->file().use(std::move(json));
}

}  // namespace headgate::cli
