// How it works: format outside the lock, then one write(2) to a descriptor opened with O_APPEND, so
// lines of several threads and processes do not mix. strftime is not used: month names must not
// follow the locale. Tested by tests/smtpd/observe/maillog_test.cc.
#include "smtpd/observe/maillog.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::observe {

namespace {

constexpr std::size_t kTextLimit = 2000;  // bytes, as msg_logger(3) cuts them
constexpr std::string_view kStandardOutput = "/dev/stdout";
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

Result<Fd> open_log(const std::string& path) {
  if (path.empty() || path == kStandardOutput) return Fd();
  return open_file(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
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

Maillog::Maillog(MaillogOptions options, const Env& env, Fd file)
    : options_(std::move(options)), env_(env), file_(std::move(file)) {}

Result<std::unique_ptr<Maillog>> Maillog::open(MaillogOptions options, const Env& env) {
  if (options.host.empty()) options.host = host_name();
  options.host.resize(std::min(options.host.find('.'), options.host.size()));
  TRY(file, open_log(options.path));
  return std::unique_ptr<Maillog>(new Maillog(std::move(options), env, std::move(file)));
}

int Maillog::target() const {
  if (file_.valid()) return file_.get();
  return options_.path == kStandardOutput ? STDOUT_FILENO : STDERR_FILENO;
}

void Maillog::write(const Event& event) {
  const std::string line = maillog_line(event, options_, env_.wall()) + '\n';
  const std::lock_guard lock(mutex_);
  if (write_all(target(), line, options_.path)) return;
  // The log is full or gone. Standard error is the last place that may still be read; if that fails
  // too, serving mail goes on without a log.
  if (file_.valid()) (void)write_all(STDERR_FILENO, line, "stderr");
}

Result<void> Maillog::reopen() {
  const std::lock_guard lock(mutex_);
  TRY(file, open_log(options_.path));
  file_ = std::move(file);
  return {};
}

}  // namespace headgate::observe
