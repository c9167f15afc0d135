// LogFile: lines at the end of a file that others may write to, too. A line is written at once when the last one was
// written kLinger ago; under load those of kLinger go together: a write(2) each was a tenth of what a message cost.
//   Units     a line comes with its newline.
//   Threads   any. A thread of its own writes what waits.
//   Errors    open() and reopen() as open(2). What cannot be written goes to standard error.
//   Lifetime  the destructor writes what waits; a crash loses it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace headgate::observe {

class LogFile {
 public:
  static constexpr std::chrono::milliseconds kLinger{10};

  // "" = standard error, "/dev/stdout" = standard output.
  static Result<std::unique_ptr<LogFile>> open(std::string path);
  // One that somebody else has opened (not valid: as `path` says). Each line is written at once, and there is no thread,
  // until gather().
  static std::unique_ptr<LogFile> over(std::string path, Fd file);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // `at_once`: with all that waits, now.
  void write(std::string_view line, bool at_once);

  void gather();
  void flush();

  // After the file was renamed. On failure the old file stays open.
  Result<void> reopen();
  void use(Fd file);

  // The file's; -1: standard output or standard error.
  [[nodiscard]] int descriptor();

 private:
  LogFile(std::string path, Fd file);

  void write_out(const std::unique_lock<std::mutex>& held);
  void write_what_waits();
  [[nodiscard]] int target() const;

  const std::string path_;
  std::mutex mutex_;
  std::condition_variable something_waits_;
  Fd file_;  // not valid: standard output or standard error
  std::string waiting_;
  std::chrono::steady_clock::time_point written_{};
  bool closing_ = false, gathers_ = false;
  std::thread writer_;
};

}  // namespace headgate::observe
