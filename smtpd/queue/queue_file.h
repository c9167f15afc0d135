// QueueFile: one message on disk, read; ContentReader: its bytes as a stream. QueueFileWriter is
// how it came there. The bytes are described in docs/queue_format.md. The reader trusts nothing: a
// file that is not exactly what the writer made is Code::corrupt, never a shorter or a different
// message.
//   Units     content is the message with LF line ends; chunks of at most kChunkBytes.
//   Lifetime  a ContentReader borrows the QueueFile's descriptor; its chunks live until the next
//   call. Threads   a QueueFile is immutable after open() but for mark(); readers have their own
//   position. All calls block. Errors    Code::corrupt, Code::not_found, Code::io,
//   Code::unavailable (disk full).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "smtpd/queue/message.h"

namespace headgate::queue {

inline constexpr std::size_t kChunkBytes = 65536;

// A recipient's byte in the queue file. Do not change: on disk. No single bit turns one into
// another.
enum class RecipientState : char { pending = 'P', done = 'D', failed = 'B' };

class ContentReader {
 public:
  // `first_crc`: the first record's, as it was when the file was opened: another message may have been written over it since.
  ContentReader(int fd, std::string path, std::uint64_t begin, std::uint64_t end,
                std::uint64_t content_bytes, std::optional<std::uint32_t> first_crc);

  // The next chunk; empty at the end. After an error every call fails.
  Result<std::string_view> next();

 private:
  int fd_;
  std::string path_;
  std::uint64_t position_, end_, bytes_left_;
  std::optional<std::uint32_t> first_crc_;  // until the first record is read
  std::string buffer_;
};

class QueueFile {
 public:
  static Result<QueueFile> open(const std::string& path);

  // One that somebody else has opened; `name` stands in messages.
  static Result<QueueFile> of_descriptor(Fd fd, std::string name);

  // The file for reading only, for who shall not change it.
  [[nodiscard]] Result<Fd> open_again() const;

  [[nodiscard]] const Envelope& envelope() const { return envelope_; }

  [[nodiscard]] ContentReader content() const;

  // What a QueueFileWriter has just written, without asking the disk: `bytes` are those of the envelope's records.
  static Result<QueueFile> of_written(Fd fd, std::string path, std::string_view bytes,
                                      std::uint64_t content_end, std::uint64_t content_bytes,
                                      std::size_t recipients,
                                      std::optional<std::uint32_t> content_crc);

  // Its content is a single record.
  [[nodiscard]] bool has_one_record() const;

  [[nodiscard]] int descriptor() const { return fd_.get(); }

  // The descriptor, for another use; nothing can be read or marked after it.
  [[nodiscard]] Fd release() && { return std::move(fd_); }

  // One byte in place; durable after sync().
  Result<void> mark(std::size_t recipient, RecipientState state);
  Result<void> sync();

 private:
  QueueFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<void> load();
  Result<void> load_envelope(std::string_view bytes, std::uint64_t offset,
                             std::uint32_t recipient_count);

  Fd fd_;
  std::string path_;
  Envelope envelope_;
  std::uint64_t content_end_ = 0;
  std::optional<std::uint32_t> content_crc_;  // of the first content record, as read from the file
};

class QueueFileWriter {
 public:
  // `over_another`: the file holds something, of which nothing may remain.
  QueueFileWriter(Fd fd, std::string path, bool over_another = false);

  void append(std::string_view bytes, bool continued);

  [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }

  [[nodiscard]] const Result<void>& status() const { return status_; }

  [[nodiscard]] int descriptor() const { return fd_.get(); }

  // The rest of the content, the envelope and the end record; durable after sync().
  Result<void> finish(const Envelope& envelope);
  Result<void> sync();

  // The finished file for reading; nothing can be written after it.
  Result<QueueFile> reopen(std::string path) &&;

 private:
  void write_chunk();
  void seal_chunk();

  Fd fd_;
  std::string path_;
  bool over_another_;
  std::string buffer_;
  std::uint64_t content_bytes_ = 0;
  std::size_t chunk_at_ = 0;  // where in buffer_ the open chunk's record begins
  std::uint64_t offset_ = 0;  // in the file, of what buffer_ holds
  std::uint64_t content_end_ = 0;
  std::size_t recipients_ = 0;
  std::optional<std::uint32_t> content_crc_;  // of the first content record
  Result<void> status_;
};

}  // namespace headgate::queue
