// Tested by tests/engine/base/mapped_file_test.cc.
#include "engine/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/file.h"

namespace headgate {

namespace {

FileIdentity identity_of(const struct stat& status) {
  return FileIdentity{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                      status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec};
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  TRY(fd, open_file(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));

  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat", path, errno);
  if (!S_ISREG(status.st_mode)) return fail(Code::corrupt, "not a regular file", path);
  if ((status.st_uid != ::geteuid() && status.st_uid != 0) ||
      (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Code::corrupt, "somebody else may write to it", path);
  }
  if (status.st_size == 0) return fail(Code::corrupt, "empty", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) return fail_errno("map", path, errno);
  return std::shared_ptr<const MappedFile>(
      new MappedFile(static_cast<const char*>(data), size, identity_of(status)));
}

MappedFile::~MappedFile() { ::munmap(const_cast<char*>(data_), size_); }

Result<FileIdentity> file_identity(const std::string& path) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) != 0) return fail_errno("stat", path, errno);
  return identity_of(status);
}

}  // namespace headgate
