// strftime is not used: month names must not follow the locale. Tested by tests/smtpd/observe/maillog_test.cc.
#include "smtpd/observe/maillog.h"

#include <unistd.h>

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::observe {

namespace {

constexpr std::size_t kTextLimit = 2000;  // bytes, as msg_logger(3) cuts them
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view level_prefix(Level level) {
  switch (level) {
    case Level::info:
      return "";
    case Level::warning:
      return "warning: ";
    case Level::error:
      return "error: ";
    case Level::fatal:
      return "fatal: ";
  }
  return "";
}

std::string timestamp(WallTime wall) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(wall);
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{} {:02} {:02}:{:02}:{:02}", kMonths[static_cast<std::size_t>(local.tm_mon)],
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace

std::string_view program_name(Program program) {
  switch (program) {
    case Program::smtpd:
      return "smtpd";
    case Program::cleanup:
      return "cleanup";
    case Program::qmgr:
      return "qmgr";
    case Program::smtp:
      return "smtp";
    case Program::local:
      return "local";
    case Program::virtual_:
      return "virtual";
    case Program::discard:
      return "discard";
    case Program::error:
      return "error";
    case Program::bounce:
      return "bounce";
    case Program::anvil:
      return "anvil";
    case Program::master:
      return "master";
  }
  return "unknown";
}

std::string maillog_line(const Event& event, const MaillogOptions& options, WallTime wall) {
  const std::uint32_t number =
      event.number != 0 ? event.number : static_cast<std::uint32_t>(getpid());
  return fmt::format(
      "{} {} {}/{}[{}]: {}{}", timestamp(wall), options.host, options.syslog_name,
      program_name(event.program), number, level_prefix(event.level),
      text::printable(std::string_view(event.text).substr(0, kTextLimit), options.utf8));
}

std::unique_ptr<Maillog> Maillog::over(MaillogOptions options, const Env& env,
                                       std::unique_ptr<LogFile> file) {
  if (options.host.empty()) options.host = host_name();
  options.host.resize(std::min(options.host.find('.'), options.host.size()));
  return std::unique_ptr<Maillog>(new Maillog(std::move(options), env, std::move(file)));
}

Result<std::unique_ptr<Maillog>> Maillog::open(MaillogOptions options, const Env& env) {
  TRY(file, LogFile::open(options.path));
  return over(std::move(options), env, std::move(file));
}

void Maillog::write(const Event& event) {
  file_->write(maillog_line(event, options_, env_.wall()) + '\n', event.level != Level::info);
}

}  // namespace headgate::observe
