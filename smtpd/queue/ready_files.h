// ReadyFiles: empty queue files, created before anybody asks for them. Under load a message then begins without waiting
// for a thread and the disk: one create() makes the files of the next few messages, too.
//   Ownership what nobody took is removed by the destructor; after a crash by recovery, as any uncommitted file.
//   Threads   any thread.         Errors    none: files that could not be created are simply not there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/file.h"

namespace headgate::queue {

struct EmptyFile {
  Fd fd;
  std::string path;  // its temporary name
  std::uint64_t inode = 0;
};

class ReadyFiles {
 public:
  static constexpr std::size_t kMost = 16;

  ReadyFiles() = default;
  ReadyFiles(const ReadyFiles&) = delete;
  ReadyFiles& operator=(const ReadyFiles&) = delete;
  ~ReadyFiles();

  std::optional<EmptyFile> take();

  // None was there: how many to make beside the one that is needed. Twice as many each time when that comes soon after
  // the last time, none after a pause: a quiet server keeps no files.
  std::size_t wanted(SteadyTime now);

  void add(EmptyFile file);

 private:
  std::mutex mutex_;
  std::vector<EmptyFile> files_;
  std::size_t batch_ = 0;
  std::optional<SteadyTime> asked_;
};

}  // namespace headgate::queue
