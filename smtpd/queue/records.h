// Records: the framing of a queue file: checksum, length, type, payload. docs/queue_format.md has
// the picture.
//   Units     little-endian; lengths in bytes.       Threads   pure functions.
//   Errors    Code::corrupt; a parser never reads outside what it was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "smtpd/queue/crc32c.h"

namespace headgate::queue {

// Do not change: on disk.
enum class RecordType : char { content = 'C', attribute = 'A', recipient = 'R', end = 'E' };

inline constexpr std::size_t kRecordHeaderBytes = 9;  // crc32c 4, length 4, type 1
inline constexpr std::string_view kFileMagic("headgate\x01\0\0\0\0\0\0\0", 16);
inline constexpr std::size_t kEndRecordBytes = kRecordHeaderBytes + 20;
inline constexpr std::uint64_t kEnvelopeLimitBytes = 64u << 20;

void put_u32(std::string& out, std::uint32_t value);
void put_u64(std::string& out, std::uint64_t value);
std::uint32_t get_u32(const char* bytes);
std::uint64_t get_u64(const char* bytes);

struct RecordHeader {
  std::uint32_t crc = 0;
  std::uint32_t length = 0;
  char type = 0;
};

RecordHeader parse_record_header(const char* bytes);  // kRecordHeaderBytes of them
// Over length, type and payload; a recipient's first payload byte changes in place and is left out.
std::uint32_t record_checksum(char type, std::string_view payload);

void put_record(std::string& out, RecordType type, std::string_view payload);
// Overwrites kRecordHeaderBytes at `at` for the payload that follows them to the end of `out`.
void seal_record(std::string& out, std::size_t at, RecordType type);

struct Record {
  RecordType type = RecordType::content;
  std::string_view payload;
  std::size_t payload_offset = 0;  // in the bytes parsed
};

// Walks the records of a byte string held in memory.
class RecordParser {
 public:
  explicit RecordParser(std::string_view bytes) : bytes_(bytes) {}

  Result<std::optional<Record>> next();  // nullopt at the exact end

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
};

// Length-prefixed strings inside a payload.
void put_string(std::string& out, std::string_view s);
std::optional<std::string_view> take_string(std::string_view& payload);

}  // namespace headgate::queue
