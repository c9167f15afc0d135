// Every LF leaves as CRLF, so a bare LF cannot pass; a line's first dot is doubled where the line begins on the wire.
// Tested by tests/smtpd/proto/content_encoder_test.cc.
#include "smtpd/proto/content_encoder.h"

#include <algorithm>

namespace headgate::proto {

void ContentEncoder::encode(std::string_view chunk, std::string& out) {
  while (!chunk.empty()) {
    if (chunk.front() == '\n') {
      out += "\r\n";
      column_ = 0;
      chunk.remove_prefix(1);
      continue;
    }
    if (limit_ != 0 && column_ >= limit_) {
      out += "\r\n ";
      broke_ = true;
      column_ = 1;
    }
    if (column_ == 0 && chunk.front() == '.') out += '.';
    std::size_t length = std::min(chunk.find('\n'), chunk.size());
    if (limit_ != 0) length = std::min(length, limit_ > column_ ? limit_ - column_ : 1);
    out.append(chunk.substr(0, length));
    column_ += length;
    chunk.remove_prefix(length);
  }
}

void ContentEncoder::finish(std::string& out) {
  if (column_ != 0) out += "\r\n";
  column_ = 0;
  out += ".\r\n";
}

}  // namespace headgate::proto
