// std::cin, as long as it is synchronized with stdio, costs a call a byte, and fread() waits for a whole buffer: its
// descriptor is read. Tested by tests/collide and tests/tables/map_agrees_test.py.
#include "smtpd/cli/line_input.h"

#include <unistd.h>

#include <iostream>
#include <utility>

namespace headgate::cli {

namespace {

constexpr std::size_t kPieceBytes = 16384;  // private memory of a process that waits for keys

}  // namespace

LineInput::LineInput(std::istream& in, std::function<void()> before_reading)
    : in_(in), before_reading_(std::move(before_reading)) {
  if (&in == &std::cin) file_.emplace(STDIN_FILENO, "stdin", kPieceBytes);
}

std::string_view LineInput::read_stream(std::string_view left) {
  std::string next(left);
  next.resize(left.size() + kPieceBytes);
  const std::streamsize got =
      in_.rdbuf()->sgetn(next.data() + left.size(), static_cast<std::streamsize>(kPieceBytes));
  next.resize(left.size() + static_cast<std::size_t>(got));
  buffer_.swap(next);
  return buffer_;
}

std::size_t LineInput::ahead(std::span<std::string_view> lines) const {
  std::string_view rest = rest_;
  std::size_t count = 0;
  for (; count < lines.size(); ++count) {
    const auto newline = rest.find('\n');
    if (newline == std::string_view::npos) break;
    lines[count] = rest.substr(0, newline);
    rest.remove_prefix(newline + 1);
  }
  return count;
}

std::optional<std::string_view> LineInput::next() {
  auto newline = rest_.find('\n');
  while (newline == std::string_view::npos) {
    if (before_reading_) before_reading_();
    const std::size_t before = rest_.size();
    rest_ = file_ ? file_->more(rest_) : read_stream(rest_);
    if (rest_.size() == before) break;
    newline = rest_.find('\n', before);
  }
  const std::string_view line = rest_.substr(0, newline);
  if (newline == std::string_view::npos) {
    rest_ = {};
    if (line.empty() || line.ends_with('\xff')) return std::nullopt;
    return line;
  }
  rest_.remove_prefix(newline + 1);
  return line;
}

}  // namespace headgate::cli
