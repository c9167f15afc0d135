// ByteSource: the bytes of a file, unpacked when it is gzipped, or of a stream; with a look ahead, to see what they are.
//   Threads   one owner.        Errors  Code::io or not_found "open NAME: reason"; Code::corrupt for a damaged gzip.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace headgate::corpus {

class ByteSource {
 public:
  // Up to `size` bytes to `to`; 0 at the end.
  using Read = std::function<Result<std::size_t>(char* to, std::size_t size)>;

  ByteSource(std::string name, Read read) : name_(std::move(name)), read_(std::move(read)) {}

  static Result<std::unique_ptr<ByteSource>> open(const std::string& path);
  static std::unique_ptr<ByteSource> of_stream(std::istream& stream);  // borrowed

  [[nodiscard]] const std::string& name() const { return name_; }

  // The next bytes without taking them: `size` of them unless the end comes first.
  Result<std::string_view> peek(std::size_t size);

  Result<std::size_t> read(char* to, std::size_t size);

 private:
  std::string name_;
  Read read_;
  std::string ahead_;
};

}  // namespace headgate::corpus
