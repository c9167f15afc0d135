// DataReader: the bytes after DATA's 354, or of BDAT's chunks -> the message's lines, each ended by one \n, dots
// unstuffed where it is DATA. A push parser.
//   Use       feed(bytes, out) appends content to `out` and says how many bytes it took: all of
//   them, or, once done(),
//             those up to and including the end of data; the rest is the next command.
//   Lines     BareNewline::no: all CRs before an LF go; else the one before it. Other CRs are data.
//   Any cutting of the input gives the same result. End       BareNewline::no: a line that is "." however it ends. normalize,
//   reject: only the five bytes CRLF.CRLF (the
//             line before and the dot's own end in exactly CRLF); any other lone "." is dropped
//             from the content.
//   Chunks    Framing::chunks: no dot means anything and nothing is ever done(); finish() says that the last chunk is in. A
//             line may go on in the next chunk.
//   Cost      memchr speed, O(1) memory; `out` grows by at most the input plus
//   kMaxHeldCarriageReturns. Source    RFC 5321 §4.1.1.4, §4.5.2; smtp_stream(3); smtpd.md §3.4,
//   content-checks §4.1.     Threads  one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::proto {

// Who says where the message ends: a lone dot, or BDAT's counts.
enum class Framing : std::uint8_t { dots, chunks };

// smtpd_forbid_bare_newline. normalize and reject read alike; reject asks saw_bare_newline()
// afterwards and refuses.
enum class BareNewline : std::uint8_t { no, normalize, reject };

// "normalize", "yes", "reject", "no"; anything else is the safe normalize.
BareNewline bare_newline_mode(std::string_view value);

class DataReader {
 public:
  // A longer run of CRs before an LF is content but for its last so many: a bound for memory, not a
  // rule of mail.
  static constexpr std::size_t kMaxHeldCarriageReturns = 1024;

  // `command_ended_bare`: the line DATA itself came without CR; then the first line is not behind a
  // CRLF.
  explicit DataReader(BareNewline mode, bool command_ended_bare = false,
                      Framing framing = Framing::dots)
      : mode_(mode), framing_(framing), previous_ended_crlf_(!command_ended_bare) {}

  std::size_t feed(std::string_view bytes, std::string& out);

  void finish(std::string& out) { release_returns(out); }  // CRs before no LF are data

  [[nodiscard]] bool done() const { return state_ == State::done; }

  [[nodiscard]] BareNewline mode() const { return mode_; }

  [[nodiscard]] Framing framing() const { return framing_; }

  [[nodiscard]] bool saw_bare_newline() const { return bare_newline_at_.has_value(); }

  // The content_bytes() before the first bare newline, wherever the input was cut.
  [[nodiscard]] std::optional<std::uint64_t> bare_newline_at() const { return bare_newline_at_; }

  [[nodiscard]] std::uint64_t wire_bytes() const {
    return wire_bytes_;
  }  // taken, the end of data included

  [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }  // appended to `out`

 private:
  enum class State : std::uint8_t { line_start, dot, text, done };

  std::size_t plain_lines(std::string_view bytes, std::string& out);
  void append(std::string_view bytes, std::string& out);
  void release_returns(std::string& out);
  void hold_returns(std::size_t count, std::string& out);
  void newline(std::string& out);
  [[nodiscard]] bool ends_message(bool ended_crlf) const;

  BareNewline mode_;
  Framing framing_;
  State state_ = State::line_start;
  bool previous_ended_crlf_;
  std::optional<std::uint64_t> bare_newline_at_;
  std::size_t held_returns_ = 0;
  std::uint64_t wire_bytes_ = 0;
  std::uint64_t content_bytes_ = 0;
};

}  // namespace headgate::proto
