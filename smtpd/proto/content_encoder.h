// ContentEncoder: stored content (LF line ends) to the bytes of DATA: CRLF, dots doubled, long lines folded, final dot.
//   Units     smtp_line_length_limit in bytes, line end not counted; 0 = no limit. A longer line is broken by CRLF and
//             a space, as Postfix's smtp(8) does.
//   Threads   one owner; feed it chunks of any size.        Source    RFC 5321 §4.5.2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headgate::proto {

class ContentEncoder {
 public:
  explicit ContentEncoder(std::size_t line_limit_bytes) : limit_(line_limit_bytes) {}

  void encode(std::string_view chunk, std::string& out);
  void finish(std::string& out);  // ends an open line, then ".\r\n"

  [[nodiscard]] std::size_t line_limit_bytes() const { return limit_; }

  // True from the first line that was longer than the limit on.
  [[nodiscard]] bool broke_a_line() const { return broke_; }

 private:
  std::size_t limit_;
  std::size_t column_ = 0;
  bool broke_ = false;
};

}  // namespace headgate::proto
