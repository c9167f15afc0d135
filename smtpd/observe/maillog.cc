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

std::string line_at(std::string_view time, const Event& event, const MaillogOptions& options) {
  const std::uint32_t number =
      event.number != 0 ? event.number : static_cast<std::uint32_t>(getpid());
  const std::string text =
      text::printable(std::string_view(event.text).substr(0, kTextLimit), options.utf8);
  std::string line;
  line.reserve(time.size() + options.host.size() + options.syslog_name.size() + text.size() + 48);
  line.append(time).append(1, ' ').append(options.host).append(1, ' ');
  line.append(options.syslog_name).append(1, '/').append(program_name(event.program));
  line.append(1, '[').append(fmt::format_int(number).c_str()).append("]: ");
  return line.append(level_prefix(event.level)).append(text);
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
  return line_at(timestamp(wall), event, options);
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

// Many lines have the same: local time is dear.
std::string Maillog::time_text(WallTime wall) {
  const std::int64_t second =
      std::chrono::floor<std::chrono::seconds>(wall).time_since_epoch().count();
  const std::lock_guard lock(mutex_);
  if (second != second_) {
    second_text_ = timestamp(wall);
    second_ = second;
  }
  return second_text_;
}

void Maillog::write(const Event& event) {
  std::string line = line_at(time_text(env_.wall()), event, options_);
  line += '\n';
  file_->write(line, event.level != Level::info);
}

}  // namespace headgate::observe
