// FieldWriter, FieldReader: numbers and texts as the bytes of a packet between roles, and back. The reader trusts nothing:
// what is cut short, too long or left over is an Error, never a guess.
//   Units     numbers in little-endian order; a text is its length (4 bytes) and its bytes.
//   Lifetime  a reader borrows the bytes.        Threads  values.
//   Errors    Code::corrupt, from the first field that is none; finish() wants nothing to be left.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/error.h"

namespace headgate::net {

class FieldWriter {
 public:
  FieldWriter& byte(std::uint8_t value) { return number(value, 1); }

  FieldWriter& u32(std::uint32_t value) { return number(value, 4); }

  FieldWriter& u64(std::uint64_t value) { return number(value, 8); }

  FieldWriter& text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
    return *this;
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  FieldWriter& number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xFF);
    return *this;
  }

  std::string bytes_;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : left_(bytes) {}

  Result<std::uint8_t> byte() {
    TRY(value, number(1));
    return static_cast<std::uint8_t>(value);
  }

  Result<std::uint32_t> u32() {
    TRY(value, number(4));
    return static_cast<std::uint32_t>(value);
  }

  Result<std::uint64_t> u64() { return number(8); }

  Result<std::string> text(std::size_t limit_bytes) {
    TRY(size, u32());
    if (size > limit_bytes || size > left_.size()) return fail(Code::corrupt, "text is too long");
    std::string value(left_.substr(0, size));
    left_.remove_prefix(size);
    return value;
  }

  Result<void> text_into(std::string& field, std::size_t limit_bytes) {
    TRY(value, text(limit_bytes));
    field = std::move(value);
    return {};
  }

  [[nodiscard]] std::size_t left() const { return left_.size(); }

  [[nodiscard]] Result<void> finish() const {
    if (!left_.empty()) return fail(Code::corrupt, "packet is longer than its fields");
    return {};
  }

 private:
  Result<std::uint64_t> number(std::size_t size) {
    if (left_.size() < size) return fail(Code::corrupt, "packet is cut short");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(left_[i])} << (8 * i);
    left_.remove_prefix(size);
    return value;
  }

  std::string_view left_;
};

}  // namespace headgate::net
