// Tested by table_store_test.
#include "smtpd/cli/file_stamp.h"

#include <sys/stat.h>
#include <unistd.h>

namespace headgate::cli {

namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileStamp stamp_of(const std::string& path) {
  FileStamp stamp;

  struct stat status {};

  if (stat(path.c_str(), &status) != 0) return stamp;
  stamp.readable = !S_ISDIR(status.st_mode) && access(path.c_str(), R_OK) == 0;
  stamp.changed_ns = nanoseconds(status.st_mtim);
  stamp.inode_changed_ns = nanoseconds(status.st_ctim);
  stamp.bytes = static_cast<std::uint64_t>(status.st_size);
  stamp.inode = status.st_ino;
  stamp.device = status.st_dev;
  return stamp;
}

}  // namespace headgate::cli
