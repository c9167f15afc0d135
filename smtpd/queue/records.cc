// Tested by tests/smtpd/queue/records_test.cc and queue_file_test.cc.
#include "smtpd/queue/records.h"

#include <cstring>

namespace headgate::queue {

namespace {

bool known_type(char type) {
  switch (static_cast<RecordType>(type)) {
    case RecordType::content:
    case RecordType::attribute:
    case RecordType::recipient:
    case RecordType::end:
      return true;
  }
  return false;
}

}  // namespace

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>((value >> shift) & 0xFF));
}

void put_u64(std::string& out, std::uint64_t value) {
  put_u32(out, static_cast<std::uint32_t>(value & 0xFFFFFFFFu));
  put_u32(out, static_cast<std::uint32_t>(value >> 32));
}

std::uint32_t get_u32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::uint64_t get_u64(const char* bytes) {
  return (static_cast<std::uint64_t>(get_u32(bytes + 4)) << 32) | get_u32(bytes);
}

RecordHeader parse_record_header(const char* bytes) {
  return RecordHeader{get_u32(bytes), get_u32(bytes + 4), bytes[8]};
}

std::uint32_t record_checksum(char type, std::string_view payload) {
  std::string head;
  put_u32(head, static_cast<std::uint32_t>(payload.size()));
  head.push_back(type);
  if (type == static_cast<char>(RecordType::recipient) && !payload.empty())
    payload.remove_prefix(1);
  return crc32c(payload, crc32c(head));
}

void put_record(std::string& out, RecordType type, std::string_view payload) {
  const std::size_t at = out.size();
  out.append(kRecordHeaderBytes, '\0');
  out.append(payload);
  seal_record(out, at, type);
}

void seal_record(std::string& out, std::size_t at, RecordType type) {
  const std::string_view payload = std::string_view(out).substr(at + kRecordHeaderBytes);
  std::string header;
  put_u32(header, record_checksum(static_cast<char>(type), payload));
  put_u32(header, static_cast<std::uint32_t>(payload.size()));
  header.push_back(static_cast<char>(type));
  std::memcpy(out.data() + at, header.data(), header.size());
}

Result<std::optional<Record>> RecordParser::next() {
  const std::size_t left = bytes_.size() - position_;
  if (left == 0) return std::optional<Record>();
  if (left < kRecordHeaderBytes) return fail(Code::corrupt, "record cut short");
  const RecordHeader header = parse_record_header(bytes_.data() + position_);
  if (header.length > left - kRecordHeaderBytes)
    return fail(Code::corrupt, "record longer than its file");
  if (!known_type(header.type)) return fail(Code::corrupt, "unknown record type");
  Record record{static_cast<RecordType>(header.type),
                bytes_.substr(position_ + kRecordHeaderBytes, header.length),
                position_ + kRecordHeaderBytes};
  if (record_checksum(header.type, record.payload) != header.crc)
    return fail(Code::corrupt, "record checksum is wrong");
  position_ = record.payload_offset + header.length;
  return std::optional<Record>(record);
}

void put_string(std::string& out, std::string_view s) {
  put_u32(out, static_cast<std::uint32_t>(s.size()));
  out.append(s);
}

std::optional<std::string_view> take_string(std::string_view& payload) {
  if (payload.size() < 4) return std::nullopt;
  const std::uint32_t length = get_u32(payload.data());
  if (length > payload.size() - 4) return std::nullopt;
  const std::string_view s = payload.substr(4, length);
  payload.remove_prefix(4 + std::size_t{length});
  return s;
}

}  // namespace headgate::queue
