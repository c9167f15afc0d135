// Tested by tests/engine/base/data_file_test.cc.
#include "engine/base/data_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "engine/base/guarded_read.h"

namespace headgate {

Result<std::shared_ptr<const DataFile>> DataFile::map(std::string path, Fd fd) {
  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat", path, errno);
  if (!S_ISREG(status.st_mode)) return fail(Code::corrupt, "not a regular file", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  const std::shared_ptr<DataFile> file(new DataFile(std::move(path), std::move(fd)));
  if (size != 0) {
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file->fd_.get(), 0);
    if (data == MAP_FAILED) return fail_errno("map", file->path_, errno);
    file->data_ = static_cast<const char*>(data);
    file->size_ = size;
  }
  return file;
}

Result<std::shared_ptr<const DataFile>> DataFile::open(const std::string& path) {
  guard_reads();
  TRY(fd, open_file(path, O_RDONLY | O_NONBLOCK));
  return map(path, std::move(fd));
}

Result<std::shared_ptr<const DataFile>> DataFile::mapped_again() const {
  const int fd = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return fail_errno("open", path_, errno);
  return map(path_, Fd(fd));
}

DataFile::~DataFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

Result<std::uint64_t> DataFile::size_now() const {
  struct stat status {};

  if (::fstat(fd_.get(), &status) != 0) return fail_errno("stat", path_, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace headgate
