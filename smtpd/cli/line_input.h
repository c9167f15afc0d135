// LineInput: the lines of standard input (or of a test's stream), without their newlines.
// A last line without newline that ends in byte 0xFF is taken for the end, as by Postfix: vstring_get_nonl() returns a
// line's last byte as a char, and 0xFF is then -1, the end of file.
//   Use       `before_reading` is called when nothing more is in memory: a good moment to show what was answered so far.
//   Lifetime  a line lasts until the next one is asked for; borrows the stream.          Threads  one owner.
//   Errors    a read error ends the input.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/lines.h"
#include "tables/source_text.h"

namespace headgate::cli {

class LineInput {
 public:
  explicit LineInput(std::istream& in, std::function<void()> before_reading = {});

  std::optional<std::string_view> next();

  // The lines after it that are in memory already, as many as fit; returns how many. They last as long as those of next().
  [[nodiscard]] std::size_t ahead(std::span<std::string_view> lines) const;

 private:
  std::string_view read_stream(std::string_view left);

  std::istream& in_;
  std::optional<tables::FileText> file_;
  std::string buffer_;
  std::string_view rest_;
  std::function<void()> before_reading_;
};

}  // namespace headgate::cli
