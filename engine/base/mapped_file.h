// MappedFile: a file's bytes, read-only and shared with every other process that maps it.
//   Lifetime  the bytes live as long as the object; the file may be unlinked or replaced meanwhile. A file that is changed
//             in place changes under its readers, and one that is cut short kills them (SIGBUS): map only what its
//             writers publish by rename.
//   Errors    as open_file; Code::corrupt when somebody else could write the file.        Threads  immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace headgate {

// What changes when a file is replaced or written to.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileIdentity&) const = default;
};

class MappedFile {
 public:
  // The file must belong to this process's user or to root, and nobody else may have the right to write it.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

  [[nodiscard]] const FileIdentity& identity() const { return identity_; }

 private:
  MappedFile(const char* data, std::size_t size, FileIdentity identity)
      : data_(data), size_(size), identity_(identity) {}

  const char* data_;
  std::size_t size_;
  FileIdentity identity_;
};

Result<FileIdentity> file_identity(const std::string& path);

}  // namespace headgate
