// FileStamp: what stat(2) says about a file's content without reading it: equal stamps mean "the same file as before".
//   Units     times of the last change in nanoseconds, bytes.          Threads  values.
//   Errors    a file that is not there or cannot be read (a directory) has a stamp, too: it changes when the file comes (back).
#pragma once

#include <cstdint>
#include <string>

namespace headgate::cli {

struct FileStamp {
  bool readable = false;
  std::int64_t changed_ns = 0;
  std::int64_t inode_changed_ns = 0;  // an editor can put the time above back, not this one
  std::uint64_t bytes = 0, inode = 0, device = 0;

  bool operator==(const FileStamp&) const = default;
};

FileStamp stamp_of(const std::string& path);

}  // namespace headgate::cli
