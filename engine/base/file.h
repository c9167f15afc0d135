// Fd, read_file, write_all, AtomicFile: files with owners and errors as values.
//   Ownership an Fd closes what it holds; moved-from Fds hold nothing.
//   Errors    Code::not_found, unavailable (no space, no descriptors) or io, with Postfix's wording "open NAME: reason".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/error.h"

namespace headgate {

class Fd {
 public:
  Fd() = default;

  explicit Fd(int fd) : fd_(fd) {}

  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const { return fd_; }

  [[nodiscard]] bool valid() const { return fd_ >= 0; }

  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0600);

// The whole file; `limit_bytes` 0 = no limit.
Result<std::string> read_file(const std::string& path, std::size_t limit_bytes = 0);

// Retries short writes and EINTR.
Result<void> write_all(int fd, std::string_view data, std::string_view path);

// Of the file: "." for a bare name.
std::string directory_of(const std::string& path);

// fsync of a directory, so that an entry created or renamed in it survives a power cut.
Result<void> sync_directory(const std::string& path);

// Writes `path` so that readers see the old or the new file, never half of one: temporary file beside it, fsync,
// rename, fsync of the directory.
Result<void> write_file_atomically(const std::string& path, std::string_view data,
                                   unsigned mode = 0644);

// The same for who must not share a temporary file with another writer: its name, and with which of open(2)'s flags
// (O_EXCL, O_NOFOLLOW) it is created.
Result<void> write_file_atomically(const std::string& path, std::string_view data, unsigned mode,
                                   const std::string& temporary, int flags);

}  // namespace headgate
