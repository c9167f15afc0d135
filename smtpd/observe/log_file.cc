// One write(2) for a line or for several whole lines to a descriptor opened with O_APPEND, so lines of several threads and
// processes do not mix. The order of lines is that of the calls, because all of them hold the lock while they write.
// Tested by log_file_test.
#include "smtpd/observe/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace headgate::observe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kStandardOutput = "/dev/stdout";
constexpr std::size_t kMostWaitingBytes = 65536;

Result<Fd> open_log(const std::string& path) {
  if (path.empty() || path == kStandardOutput) return Fd();
  return open_file(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(std::string path) {
  TRY(file, open_log(path));
  std::unique_ptr<LogFile> log = over(std::move(path), std::move(file));
  log->gather();
  return log;
}

std::unique_ptr<LogFile> LogFile::over(std::string path, Fd file) {
  return std::unique_ptr<LogFile>(new LogFile(std::move(path), std::move(file)));
}

LogFile::LogFile(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}

// A thread keeps the rights that it was started with: who gives some up gathers afterwards.
void LogFile::gather() {
  const std::lock_guard lock(mutex_);
  if (gathers_) return;
  gathers_ = true;
  writer_ = std::thread([this] { write_what_waits(); });
}

void LogFile::flush() {
  std::unique_lock lock(mutex_);
  if (!waiting_.empty()) write_out(lock);
}

void LogFile::use(Fd file) {
  std::unique_lock lock(mutex_);
  if (!waiting_.empty()) write_out(lock);  // into the file of its time
  file_ = std::move(file);
}

int LogFile::descriptor() {
  const std::lock_guard lock(mutex_);
  return file_.get();
}

LogFile::~LogFile() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  something_waits_.notify_one();
  if (writer_.joinable()) writer_.join();
}

int LogFile::target() const {
  if (file_.valid()) return file_.get();
  return path_ == kStandardOutput ? STDOUT_FILENO : STDERR_FILENO;
}

void LogFile::write(std::string_view line, bool at_once) {
  std::unique_lock lock(mutex_);
  const bool first = waiting_.empty();
  waiting_ += line;
  if (at_once || !gathers_ || waiting_.size() >= kMostWaitingBytes ||
      Clock::now() - written_ >= kLinger)
    return write_out(lock);
  if (first) something_waits_.notify_one();
}

// The log may be full or gone. Standard error is the last place that may still be read; if that fails too, serving mail
// goes on without a log.
void LogFile::write_out(const std::unique_lock<std::mutex>&) {
  written_ = Clock::now();
  if (!write_all(target(), waiting_, path_) && file_.valid())
    (void)write_all(STDERR_FILENO, waiting_, "stderr");
  waiting_.clear();
}

void LogFile::write_what_waits() {
  std::unique_lock lock(mutex_);
  while (true) {
    something_waits_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (!closing_) {
      const Clock::time_point due = written_ + kLinger;
      something_waits_.wait_until(lock, due, [this] { return closing_; });
    }
    if (!waiting_.empty()) write_out(lock);
    if (closing_) return;
  }
}

Result<void> LogFile::reopen() {
  TRY(file, open_log(path_));
  use(std::move(file));
  return {};
}

}  // namespace headgate::observe
