// DataFile: a file that others write and that is read in place: mapped, shared by all who hold the object.
//   Use       read bytes() within guarded_read() only: whoever writes the file may cut it short at any time.
//   Errors    as open_file; Code::corrupt for what is no regular file.
//   Lifetime  the bytes live as long as the object; the file may be unlinked or replaced meanwhile.
//   Cost      pages of the page cache, no memory of the process.      Threads  immutable, though its bytes may not be.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace headgate {

class DataFile {
 public:
  static Result<std::shared_ptr<const DataFile>> open(const std::string& path);

  // The same file as long as it is now, for one that grows.
  [[nodiscard]] Result<std::shared_ptr<const DataFile>> mapped_again() const;

  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;
  ~DataFile();

  // As many as there were when it was mapped.
  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

  [[nodiscard]] Result<std::uint64_t> size_now() const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  DataFile(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  static Result<std::shared_ptr<const DataFile>> map(std::string path, Fd fd);

  std::string path_;
  Fd fd_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace headgate
