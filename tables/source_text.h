// SourceText: "key white-space value" lines, what texthash: reads at its opening and postmap(1) builds tables from.
//   Use       next() until it has nothing more. Of a FileText only what is being read is in memory, however big the file.
//   Keys      up to the first white space outside "…" that no backslash escapes; quotes and backslashes stay part of the
//             key. Not folded here.
//   Lifetime  an entry lasts until the next one is asked for.          Threads  one owner.
//   Errors    a bad line is a warning, "PATH, line N: …", and passed over.
//   Source    postmap(1) "INPUT FILE FORMAT", texthash in DATABASE_README; the texts are postmap's of 3.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "engine/base/lines.h"

namespace headgate::tables {

struct SourceEntry {
  std::string_view key, value;
  int line = 0;
};

// Postfix words one warning in two ways: texthash: adds that the line is ignored.
enum class SourceReader : std::uint8_t { texthash, postmap };

class SourceText {
 public:
  // `lines` with EmptyLines::as_is. `path` as it shall stand in warnings. `utf8`: a line that is not UTF-8 is passed over.
  SourceText(LogicalLines lines, std::string path, SourceReader reader, bool utf8,
             WarningSink warn);

  std::optional<SourceEntry> next();

 private:
  void complain(std::string_view text);

  LogicalLines lines_;
  std::string path_;
  SourceReader reader_;
  bool utf8_;
  WarningSink warn_;
  LogicalLine line_;
};

// The text of a file, a pipe or a terminal, piece by piece, for LogicalLines.
//   Errors    reading ends at the first; error() tells.       Lifetime  borrows the descriptor.
class FileText {
 public:
  FileText(int fd, std::string path, std::size_t piece_bytes = std::size_t{256} * 1024);
  FileText(const FileText&) = delete;
  FileText& operator=(const FileText&) = delete;

  // What was left, at the buffer's end, moves to its front, and more is read behind it.
  std::string_view more(std::string_view left);

  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  int fd_;
  std::string path_;
  std::size_t piece_bytes_;
  std::string buffer_;
  std::uint64_t bytes_read_ = 0;
  std::optional<Error> error_;
};

}  // namespace headgate::tables
