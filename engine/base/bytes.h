// ByteWriter, ByteReader: little-endian numbers and counted strings, for file formats.
//   Errors    a reader that is asked for more than there is fails for good: every later answer is 0 or empty, and ok() is
//             false. Check ok() before anything that was read is believed.
//   Cost      the reader borrows; strings come back as views of what it reads.       Threads  values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace headgate {

class ByteWriter {
 public:
  void u8(std::uint8_t value) { number(value, 1); }

  void u32(std::uint32_t value) { number(value, 4); }

  void u64(std::uint64_t value) { number(value, 8); }

  void raw(std::string_view bytes) { bytes_ += bytes; }

  // A count of 32 bits before the bytes.
  void string(std::string_view bytes) {
    u32(static_cast<std::uint32_t>(bytes.size()));
    bytes_ += bytes;
  }

  void pad_to(std::size_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_ += '\0';
  }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  [[nodiscard]] std::string& bytes() { return bytes_; }

 private:
  void number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
  }

  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }

  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

  std::uint64_t u64() { return number(8); }

  std::string_view raw(std::size_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view string() { return raw(u32()); }

  // How many items follow, each of at least `least_bytes`: a count that cannot be true fails here, before memory is
  // asked for.
  std::size_t count(std::size_t least_bytes) {
    const std::size_t items = u32();
    if (items > rest_.size() / least_bytes) fail();
    return ok_ ? items : 0;
  }

  // One of the numbers 0 … last.
  std::uint8_t choice(std::uint8_t last) {
    const std::uint8_t value = u8();
    if (value > last) fail();
    return ok_ ? value : std::uint8_t{0};
  }

  void fail() {
    ok_ = false;
    rest_ = {};
  }

  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::uint64_t number(std::size_t size) {
    const std::string_view bytes = raw(size);
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i)
      value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace headgate
