// Tested by tests/engine/base/file_test.cc.
#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

namespace headgate {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return fail_errno("open", path, errno);
  return Fd(fd);
}

Result<std::string> read_file(const std::string& path, std::size_t limit_bytes) {
  TRY(fd, open_file(path, O_RDONLY));
  std::string data;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read", path, errno);
    if (n == 0) return data;
    data.append(buffer.data(), static_cast<std::size_t>(n));
    if (limit_bytes != 0 && data.size() > limit_bytes)
      return fail(Code::limit, "file too large", path);
  }
}

Result<void> write_all(int fd, std::string_view data, std::string_view path) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write", path, errno);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_directory(const std::string& path) {
  TRY(fd, open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return fail_errno("fsync", path, errno);
  return {};
}

Result<void> write_file_atomically(const std::string& path, std::string_view data, unsigned mode) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  ::unlink(temporary.c_str());  // what a writer left that was killed, or a link of somebody's
  return write_file_atomically(path, data, mode, temporary, O_EXCL | O_NOFOLLOW);
}

Result<void> write_file_atomically(const std::string& path, std::string_view data, unsigned mode,
                                   const std::string& temporary, int flags) {
  TRY(fd, open_file(temporary, O_WRONLY | O_CREAT | flags, mode));
  const auto write = [&]() -> Result<void> {
    TRY_OK(write_all(fd.get(), data, temporary));
    if (::fsync(fd.get()) != 0) return fail_errno("fsync", temporary, errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      return fail_errno("rename", temporary, errno);
    return {};
  };
  if (auto written = write(); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_directory(directory_of(path));
}

}  // namespace headgate
