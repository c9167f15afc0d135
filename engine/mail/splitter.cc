// How it works: a record is cut from the bytes given when it lies there whole, else gathered in `pending_`. With
// crlf_or_lf, text that fills the limit and ends in CR waits for one more byte, which shows whether the line ends there.
// Tested by splitter_test.
#include "engine/mail/splitter.h"

#include <algorithm>

namespace headgate::mail {

bool Splitter::may_end_in_cr(std::string_view text) const {
  return line_end_ == LineEnd::crlf_or_lf && text.ends_with('\r');
}

std::string_view Splitter::without_line_end(std::string_view line) const {
  if (line_end_ == LineEnd::lf) return line;
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Splitter::Piece Splitter::take_piece(std::string_view& bytes) {
  // A full record that waits for its line end: the next byte decides.
  if (limit_ != 0 && pending_.size() == limit_ && bytes.front() != '\n') {
    in_line_ = true;
    return {pending_, true, true};
  }

  const std::size_t room = limit_ == 0 ? std::string_view::npos : limit_ - pending_.size();
  const std::string_view window = bytes.substr(0, room);
  const std::size_t newline =
      bytes.substr(0, room == std::string_view::npos ? room : room + 1).find('\n');
  if (newline != std::string_view::npos &&
      (newline < window.size() || may_end_in_cr(window) || window.empty())) {
    const std::string_view rest = bytes.substr(0, newline);
    bytes.remove_prefix(newline + 1);
    in_line_ = false;
    if (pending_.empty()) return {without_line_end(rest), true, false};
    pending_ += rest;
    return {without_line_end(pending_), true, false};
  }

  bytes.remove_prefix(window.size());
  const bool full = window.size() == room;
  if (full && pending_.empty() && !may_end_in_cr(window)) {
    in_line_ = true;
    return {window, true, true};
  }
  pending_ += window;
  if (!full || may_end_in_cr(pending_)) return {};
  in_line_ = true;
  return {pending_, true, true};
}

}  // namespace headgate::mail
