// ReadyFiles: queue files under temporary names that are there before anybody asks for them. Under load a message then
// begins without waiting for a thread and the disk: one create() makes the files of the next few messages, too, and the
// files of messages that are gone are written over: neither an inode nor blocks have to be freed and found again.
//   Ownership what nobody took is removed by trim() and by the destructor; after a crash by recovery, as any uncommitted file.
//   Threads   any thread.         Errors    none: files that could not be created are simply not there.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/file.h"

namespace headgate::queue {

struct ReadyFile {
  Fd fd;             // at its beginning
  std::string path;  // its temporary name
  std::uint64_t inode = 0;
  bool used =
      false;  // it holds a message that is gone: what is written over it has to cut off the rest
};

class ReadyFiles {
 public:
  static constexpr std::size_t kMostCreated = 16;  // at a time
  static constexpr std::size_t kMost = 64;
  static constexpr std::chrono::seconds kQuiet{10};  // unused for so long, they go

  ReadyFiles() = default;
  ReadyFiles(const ReadyFiles&) = delete;
  ReadyFiles& operator=(const ReadyFiles&) = delete;
  ~ReadyFiles();

  std::optional<ReadyFile> take(SteadyTime now);

  // None was there: how many to make beside the one that is needed. Twice as many each time when that comes soon after
  // the last time, none after a pause: a quiet server keeps no files.
  std::size_t wanted(SteadyTime now);

  void add(ReadyFile file);

  // Whether a file that is not needed any more would soon be used here.
  [[nodiscard]] bool accepts(SteadyTime now) const;

  // Removes them after a quiet time; true when none is left.
  bool trim(SteadyTime now);

 private:
  mutable std::mutex mutex_;
  std::vector<ReadyFile> files_;
  std::size_t batch_ = 0;
  std::optional<SteadyTime> asked_, taken_;
};

}  // namespace headgate::queue
