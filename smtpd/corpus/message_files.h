// message_files: the messages in a file, an mbox, a Maildir, a folder or a tar archive, one after the other, cut into
// records as the mail front ends do it (CRLF or LF ends a line). Files and archives may be gzipped.
//   Limits    line_length_limit bytes a record; nothing grows with a message's size.
//   Threads   the caller's.
//   Errors    Code::not_found or io, "open NAME: reason"; Code::corrupt for an archive or a gzip that is damaged. What was
//             read before stays read.
//   Source    mbox(5): a message begins at "From " after an empty line; that line and the one before it are not part of
//             a message, ">From " is left as it is. tar(5): ustar, pax and GNU long names.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace headgate::corpus {

class MessageReader {
 public:
  MessageReader() = default;
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;
  virtual ~MessageReader() = default;

  // `name`: the path; in an mbox "PATH#3" for the third message, in an archive "PATH:MEMBER".
  virtual void begin(const std::string& name) = 0;
  virtual void record(std::string_view bytes, bool continued) = 0;
  virtual void end() = 0;
};

// `path`: a file, an mbox (it begins with "From "), a tar archive (each file in it is read as one on disk would be), a
// Maildir (new/ and cur/ are read), another folder (every file in it and below, in order of name), or "-" for
// `standard_input`.
Result<void> read_messages(const std::string& path, std::size_t line_length_limit,
                           std::istream& standard_input, MessageReader& reader);

}  // namespace headgate::corpus
