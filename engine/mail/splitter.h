// Splitter: a stream of bytes -> records, as the mail front ends cut it.
// A line becomes chunks of exactly `limit` bytes with `continued` set, then the rest: a line of exactly `limit` bytes is
// a chunk and an empty record. A last line without its end counts; an empty stream has no record.
//   Units     limit: line_length_limit bytes; 0 = whole lines, however long (postmap).
//   Lifetime  records are views into the bytes given or into the Splitter; valid during the call of `receiver`.
//   Threads   one owner.         Cost  lines that lie whole in one piece are not copied; none for what a receiver takes as
//             lines().
//   Source    smtpd(8), postmap(1); content-checks §4.1 as recorded in docs/walk.md.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include "engine/mail/lines.h"

namespace headgate::mail {

// A receiver that may take lines together: given whole lines, each with its \n and none of them a chunk, it takes as many
// from the first on as it likes and says how many bytes they are. The line that it leaves comes as a record().
template <class Receiver>
concept TakesLines = requires(Receiver& receiver, std::string_view lines) {
  { receiver.lines(lines) } -> std::same_as<std::size_t>;
};

enum class LineEnd {
  lf,          // CR is an ordinary byte
  crlf_or_lf,  // CRs before the LF go with it, also when the limit falls between them
};

class Splitter {
 public:
  explicit Splitter(std::size_t limit, LineEnd line_end = LineEnd::lf)
      : limit_(limit), line_end_(line_end) {}

  // `receiver` has record(std::string_view, bool continued): an Inspector, a MimeParser.
  template <class Receiver>
  void feed(std::string_view bytes, Receiver& receiver) {
    std::string_view whole;  // lines at the front of `bytes`
    while (!bytes.empty()) {
      if constexpr (TakesLines<Receiver>) {
        if (whole.empty() && at_line()) whole = whole_lines(bytes.substr(0, kMostTogether), limit_);
        if (!whole.empty()) {
          std::size_t taken = receiver.lines(whole);
          if (taken < whole.size()) {
            const std::string_view line = whole.substr(taken, whole.find('\n', taken) - taken);
            receiver.record(line, false);
            taken += line.size() + 1;
          }
          whole.remove_prefix(taken);
          bytes.remove_prefix(taken);
          continue;
        }
      }
      const Piece piece = take_piece(bytes);
      if (piece.complete) receiver.record(piece.text, piece.continued);
      if (piece.complete) pending_.clear();
    }
  }

  template <class Receiver>
  void end(Receiver& receiver) {
    if (in_line_ || !pending_.empty()) receiver.record(pending_, false);
    pending_.clear();
    in_line_ = false;
  }

 private:
  // What a receiver minds in lines is looked for in all that it is given, each time: bounded, a line costs the same whatever
  // comes behind it.
  static constexpr std::size_t kMostTogether = 4096;

  struct Piece {
    std::string_view text;
    bool complete = false;
    bool continued = false;
  };

  // A line begins here, and its end is \n alone.
  [[nodiscard]] bool at_line() const {
    return line_end_ == LineEnd::lf && !in_line_ && pending_.empty();
  }

  // Moves from `bytes` to the next record; incomplete when `bytes` is used up first.
  Piece take_piece(std::string_view& bytes);
  [[nodiscard]] bool may_end_in_cr(std::string_view text) const;
  [[nodiscard]] std::string_view without_line_end(std::string_view line) const;

  std::size_t limit_;
  LineEnd line_end_;
  std::string pending_;
  bool in_line_ = false;  // a chunk of this line has left already
};

}  // namespace headgate::mail
