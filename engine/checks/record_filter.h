// RecordFilter: what is done to the bytes of a record before anything else looks at them.
//   Lifetime  apply() returns a view of its argument or of the filter's buffer, valid until the next call.
//   Threads   one owner.
//   Source    postconf(5): cleanup_replace_stray_cr_lf, message_reject_characters, message_strip_characters, in this
//             order; content-checks §4.1.
#pragma once

#include <bitset>
#include <string>
#include <string_view>

namespace headgate::checks {

class RecordFilter {
 public:
  // The characters themselves, no escapes.
  RecordFilter(bool replace_stray_cr_lf, std::string_view reject, std::string_view strip);

  struct Filtered {
    std::string_view bytes;
    bool rejected = false;  // holds one of message_reject_characters: the record is dropped
  };

  // Characters are rejected and stripped while the checks are in force only (`checking`). `is_line`: the caller knows that
  // there is neither CR nor LF.
  Filtered apply(std::string_view bytes, bool checking, bool is_line = false);

  // Of these lines, those from the first on that apply() gives back as they are. `no_cr`: there is no CR in them.
  [[nodiscard]] std::string_view clean_lines(std::string_view lines, bool checking,
                                             bool no_cr) const;

 private:
  using ByteSet = std::bitset<256>;

  static ByteSet set_of(std::string_view characters);

  const bool replace_stray_cr_lf_;
  const ByteSet reject_, strip_;
  const bool no_characters_;  // neither to reject nor to strip
  std::string buffer_;
};

// message_reject_characters and message_strip_characters as written: \a \b \f \n \r \t \v \\ and up to three octal
// digits are escapes, another character after a backslash stands for itself.
std::string unescape_characters(std::string_view text);

}  // namespace headgate::checks
