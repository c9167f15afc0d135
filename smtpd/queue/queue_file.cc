// The verdict comes at the end of the content, so the envelope does too: a message is one pass of
// appends, and a file without its end record was never committed. Everything a reader acts on is
// covered by a checksum, but for the recipients' state bytes, whose values no single flipped bit
// confuses. Tested by tests/smtpd/queue/queue_file_test.cc (every truncation, every flipped bit).
#include "smtpd/queue/queue_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "smtpd/queue/records.h"

namespace headgate::queue {

namespace {

// Ties the envelope to the content before it: a file may have been written over another.
constexpr std::string_view kContentCrc = "content_crc";
constexpr std::string_view kSevenBit = "7bit", kEightBit = "8bit";

Result<std::string> read_at(int fd, const std::string& path, std::uint64_t offset,
                            std::size_t length) {
  std::string data(length, '\0');
  std::size_t have = 0;
  while (have < length) {
    const ssize_t n =
        ::pread(fd, data.data() + have, length - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read", path, errno);
    if (n == 0) return fail(Code::corrupt, "queue file cut short", path);
    have += static_cast<std::size_t>(n);
  }
  return data;
}

std::string crc_text(std::uint32_t crc) { return fmt::format("{:08x}", crc); }

std::string attribute(std::string_view name, std::string_view value) {
  std::string payload;
  put_string(payload, name);
  payload.append(value);
  return payload;
}

std::string encode_recipient(const Recipient& recipient) {
  std::string payload(1, static_cast<char>(recipient.failed ? RecipientState::failed
                                           : recipient.done ? RecipientState::done
                                                            : RecipientState::pending));
  put_string(payload, recipient.address);
  put_string(payload, recipient.original);
  put_string(payload, recipient.notify);
  if (!recipient.orig_to.empty()) put_string(payload, recipient.orig_to);
  return payload;
}

bool decode_recipient(std::string_view payload, Recipient& recipient) {
  if (payload.empty()) return false;
  switch (static_cast<RecipientState>(payload.front())) {
    case RecipientState::pending:
      break;
    case RecipientState::failed:
      recipient.failed = true;
      [[fallthrough]];
    case RecipientState::done:
      recipient.done = true;
      break;
    default:
      return false;
  }
  payload.remove_prefix(1);
  for (std::string* field : {&recipient.address, &recipient.original, &recipient.notify}) {
    const auto value = take_string(payload);
    if (!value) return false;
    field->assign(*value);
  }
  if (payload.empty()) return true;
  const auto orig_to = take_string(payload);
  if (!orig_to) return false;
  recipient.orig_to.assign(*orig_to);
  return payload.empty();
}

std::int64_t microseconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

void put_envelope(std::string& out, const Envelope& envelope) {
  const auto put = [&out](std::string_view name, std::string_view value) {
    put_record(out, RecordType::attribute, attribute(name, value));
  };
  const auto put_unless_empty = [&put](std::string_view name, std::string_view value) {
    if (!value.empty()) put(name, value);
  };
  put("sender", envelope.sender);
  put("arrival", fmt::to_string(microseconds_of(envelope.arrival)));
  put_unless_empty("dsn_ret", envelope.dsn_ret);
  put_unless_empty("dsn_envid", envelope.dsn_envid);
  if (envelope.body != proto::Body::unspecified)
    put("body", envelope.body == proto::Body::eight_bit_mime ? kEightBit : kSevenBit);
  if (envelope.smtputf8) put("smtputf8", "1");
  if (envelope.smtputf8_header) put("smtputf8_header", "1");
  put_unless_empty("content_filter", envelope.content_filter);
  put_unless_empty("client_name", envelope.client_name);
  put_unless_empty("client_address", envelope.client_address);
  put_unless_empty("helo_name", envelope.helo_name);
  put_unless_empty("protocol_name", envelope.protocol_name);
  for (const Recipient& recipient : envelope.recipients)
    put_record(out, RecordType::recipient, encode_recipient(recipient));
}

// A name that this version does not know is left out: it was added by a later one that kept the
// version number.
bool set_attribute(Envelope& envelope, std::string_view name, std::string_view value) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"sender", &envelope.sender},           {"dsn_ret", &envelope.dsn_ret},
      {"dsn_envid", &envelope.dsn_envid},     {"content_filter", &envelope.content_filter},
      {"client_name", &envelope.client_name}, {"client_address", &envelope.client_address},
      {"helo_name", &envelope.helo_name},     {"protocol_name", &envelope.protocol_name},
  };
  for (const auto& [known, field] : texts)
    if (name == known) field->assign(value);
  if (name == "eight_bit" && value == "1")
    envelope.body = proto::Body::eight_bit_mime;  // until 0.1
  if (name == "body" && value == kEightBit) envelope.body = proto::Body::eight_bit_mime;
  if (name == "body" && value == kSevenBit) envelope.body = proto::Body::seven_bit;
  if (name == "smtputf8") envelope.smtputf8 = value == "1";
  if (name == "smtputf8_header") envelope.smtputf8_header = value == "1";
  if (name != "arrival") return true;
  std::int64_t us = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), us);
  // Within a thousand years of 1970, so that no arithmetic on ages can overflow.
  if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size() || us < 0 ||
      us > 31556952000000000)
    return false;
  envelope.arrival =
      WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::microseconds(us)));
  return true;
}

}  // namespace

ContentReader::ContentReader(int fd, std::string path, std::uint64_t begin, std::uint64_t end,
                             std::uint64_t content_bytes, std::optional<std::uint32_t> first_crc)
    : fd_(fd),
      path_(std::move(path)),
      position_(begin),
      end_(end),
      bytes_left_(content_bytes),
      first_crc_(first_crc) {}

Result<std::string_view> ContentReader::next() {
  if (position_ == end_) {
    if (bytes_left_ != 0)
      return fail(Code::corrupt, "content is not as long as the envelope says", path_);
    return std::string_view();
  }
  const std::uint64_t left = end_ - position_;
  if (left < kRecordHeaderBytes) return fail(Code::corrupt, "record cut short", path_);
  TRY(head, read_at(fd_, path_, position_, kRecordHeaderBytes));
  const RecordHeader header = parse_record_header(head.data());
  if (header.type != static_cast<char>(RecordType::content) || header.length == 0 ||
      header.length > kChunkBytes || header.length > left - kRecordHeaderBytes ||
      header.length > bytes_left_)
    return fail(Code::corrupt, "content record makes no sense", path_);
  const std::optional<std::uint32_t> expected = std::exchange(first_crc_, std::nullopt);
  if (expected && *expected != header.crc)
    return fail(Code::corrupt, "the content is another message's", path_);
  TRY(payload, read_at(fd_, path_, position_ + kRecordHeaderBytes, header.length));
  if (record_checksum(header.type, payload) != header.crc)
    return fail(Code::corrupt, "content checksum is wrong", path_);
  buffer_ = std::move(payload);
  position_ += kRecordHeaderBytes + header.length;
  bytes_left_ -= header.length;
  return std::string_view(buffer_);
}

Result<QueueFile> QueueFile::open(const std::string& path) {
  TRY(fd, open_file(path, O_RDWR | O_NOFOLLOW));
  QueueFile file(std::move(fd), path);
  TRY_OK(file.load());
  return file;
}

Result<QueueFile> QueueFile::of_descriptor(Fd fd, std::string name) {
  QueueFile file(std::move(fd), std::move(name));
  TRY_OK(file.load());
  return file;
}

// By the descriptor: the file may have moved since it was opened.
Result<Fd> QueueFile::open_again() const {
  return open_file(fmt::format("/proc/self/fd/{}", fd_.get()), O_RDONLY);
}

Result<void> QueueFile::load() {
  struct stat status {};

  if (::fstat(fd_.get(), &status) != 0) return fail_errno("fstat", path_, errno);
  const std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size < kFileMagic.size() + kEndRecordBytes)
    return fail(Code::corrupt, "not a complete queue file", path_);

  TRY(begin, read_at(fd_.get(), path_, 0, kFileMagic.size() + kRecordHeaderBytes));
  if (!begin.starts_with(kFileMagic))
    return fail(Code::corrupt, "not a queue file of this version", path_);
  const std::uint64_t end_at = size - kEndRecordBytes;
  TRY(end, read_at(fd_.get(), path_, end_at, kEndRecordBytes));
  RecordParser parser(end);
  TRY(record, parser.next());
  if (!record || record->type != RecordType::end ||
      record->payload.size() != kEndRecordBytes - kRecordHeaderBytes)
    return fail(Code::corrupt, "queue file has no end record", path_);
  content_end_ = get_u64(record->payload.data());
  envelope_.size_bytes = get_u64(record->payload.data() + 8);
  const std::uint32_t recipients = get_u32(record->payload.data() + 16);
  if (content_end_ < kFileMagic.size() || content_end_ > end_at ||
      end_at - content_end_ > kEnvelopeLimitBytes || envelope_.size_bytes > content_end_)
    return fail(Code::corrupt, "end record makes no sense", path_);

  if (content_end_ > kFileMagic.size())
    content_crc_ = parse_record_header(begin.data() + kFileMagic.size()).crc;
  TRY(bytes,
      read_at(fd_.get(), path_, content_end_, static_cast<std::size_t>(end_at - content_end_)));
  return load_envelope(bytes, content_end_, recipients);
}

Result<QueueFile> QueueFile::of_written(Fd fd, std::string path, std::string_view bytes,
                                        std::uint64_t content_end, std::uint64_t content_bytes,
                                        std::size_t recipients,
                                        std::optional<std::uint32_t> content_crc) {
  QueueFile file(std::move(fd), std::move(path));
  file.content_crc_ = content_crc;
  file.content_end_ = content_end;
  file.envelope_.size_bytes = content_bytes;
  TRY_OK(file.load_envelope(bytes, content_end, static_cast<std::uint32_t>(recipients)));
  return file;
}

Result<void> QueueFile::load_envelope(std::string_view bytes, std::uint64_t offset,
                                      std::uint32_t recipient_count) {
  std::set<std::string, std::less<>> seen;
  RecordParser parser(bytes);
  for (;;) {
    TRY(record, parser.next());
    if (!record) break;
    if (record->type == RecordType::attribute) {
      std::string_view payload = record->payload;
      const auto name = take_string(payload);
      if (!name || !seen.emplace(*name).second || !set_attribute(envelope_, *name, payload))
        return fail(Code::corrupt, "envelope attribute makes no sense", path_);
      if (*name == kContentCrc && content_crc_ && payload != crc_text(*content_crc_))
        return fail(Code::corrupt, "the envelope is another message's", path_);
    } else if (record->type == RecordType::recipient) {
      Recipient recipient;
      if (!decode_recipient(record->payload, recipient))
        return fail(Code::corrupt, "recipient record makes no sense", path_);
      recipient.strike_offset = offset + record->payload_offset;
      envelope_.recipients.push_back(std::move(recipient));
    } else {
      return fail(Code::corrupt, "record does not belong into an envelope", path_);
    }
  }
  if (envelope_.recipients.size() != recipient_count || seen.count("sender") == 0 ||
      seen.count("arrival") == 0)
    return fail(Code::corrupt, "envelope is not complete", path_);
  return {};
}

ContentReader QueueFile::content() const {
  return ContentReader(fd_.get(), path_, kFileMagic.size(), content_end_, envelope_.size_bytes,
                       content_crc_);
}

Result<void> QueueFile::mark(std::size_t recipient, RecipientState state) {
  if (recipient >= envelope_.recipients.size()) return fail(Code::bug, "no such recipient", path_);
  Recipient& target = envelope_.recipients[recipient];
  const char byte = static_cast<char>(state);
  ssize_t n = -1;
  do {
    n = ::pwrite(fd_.get(), &byte, 1, static_cast<off_t>(target.strike_offset));
  } while (n < 0 && errno == EINTR);
  if (n != 1) return fail_errno("write", path_, errno);
  target.done = state != RecipientState::pending;
  target.failed = state == RecipientState::failed;
  return {};
}

Result<void> QueueFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return fail_errno("fdatasync", path_, errno);
  return {};
}

bool QueueFile::has_one_record() const {
  return content_end_ <= kFileMagic.size() + kRecordHeaderBytes + kChunkBytes;
}

QueueFileWriter::QueueFileWriter(Fd fd, std::string path, bool over_another)
    : fd_(std::move(fd)), path_(std::move(path)), over_another_(over_another) {
  buffer_.append(kFileMagic);
  buffer_.append(kRecordHeaderBytes, '\0');
  chunk_at_ = kFileMagic.size();
}

void QueueFileWriter::append(std::string_view bytes, bool continued) {
  const auto put = [this](std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t room = kChunkBytes - (buffer_.size() - chunk_at_ - kRecordHeaderBytes);
      const std::string_view part = piece.substr(0, room);
      buffer_.append(part);
      content_bytes_ += part.size();
      piece.remove_prefix(part.size());
      if (part.size() == room) write_chunk();
    }
  };
  put(bytes);
  if (!continued) put("\n");
}

void QueueFileWriter::seal_chunk() {
  seal_record(buffer_, chunk_at_, RecordType::content);
  if (!content_crc_) content_crc_ = parse_record_header(buffer_.data() + chunk_at_).crc;
}

void QueueFileWriter::write_chunk() {
  seal_chunk();
  if (status_) status_ = write_all(fd_.get(), buffer_, path_);
  offset_ += buffer_.size();
  buffer_.assign(kRecordHeaderBytes, '\0');
  chunk_at_ = 0;
}

Result<void> QueueFileWriter::finish(const Envelope& envelope) {
  // A small message is one write: its only chunk, the envelope and the end record together.
  if (buffer_.size() == chunk_at_ + kRecordHeaderBytes)
    buffer_.resize(chunk_at_);
  else
    seal_chunk();
  content_end_ = offset_ + buffer_.size();
  recipients_ = envelope.recipients.size();
  put_envelope(buffer_, envelope);
  if (content_crc_)
    put_record(buffer_, RecordType::attribute, attribute(kContentCrc, crc_text(*content_crc_)));
  if (offset_ + buffer_.size() - content_end_ > kEnvelopeLimitBytes)
    return fail(Code::limit, "envelope too large", path_);
  std::string end;
  put_u64(end, content_end_);
  put_u64(end, content_bytes_);
  put_u32(end, static_cast<std::uint32_t>(recipients_));
  put_record(buffer_, RecordType::end, end);
  TRY_OK(status_);
  TRY_OK(write_all(fd_.get(), buffer_, path_));
  const std::uint64_t size = offset_ + buffer_.size();
  if (over_another_ && ::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
    return fail_errno("ftruncate", path_, errno);
  return {};
}

Result<QueueFile> QueueFileWriter::reopen(std::string path) && {
  const auto begin = static_cast<std::size_t>(content_end_ - offset_);
  const std::string_view envelope =
      std::string_view(buffer_).substr(begin, buffer_.size() - begin - kEndRecordBytes);
  return QueueFile::of_written(std::move(fd_), std::move(path), envelope, content_end_,
                               content_bytes_, recipients_, content_crc_);
}

Result<void> QueueFileWriter::sync() {
  if (::fsync(fd_.get()) != 0) return fail_errno("fsync", path_, errno);
  return {};
}

}  // namespace headgate::queue
