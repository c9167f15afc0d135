// How it works: a logical line goes on while the first byte of the next physical line is white space or '#'. A blank
// line's first byte is its own newline, which is white space too, hence "across blank lines".
// Tested by tests/engine/base/lines_test.cc and, through postmap, by tests/collide.
#include "engine/base/lines.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate {

namespace {

constexpr std::string_view kEmergencyMark = "#@emergency";
constexpr std::size_t kShownBytes = 30;

bool is_emergency_mark(std::string_view line) { return text::trim(line) == kEmergencyMark; }

}  // namespace

LogicalLines::LogicalLines(std::string_view data, std::string name, WarningSink warn,
                           EmptyLines empty)
    : rest_(data), name_(std::move(name)), warn_(std::move(warn)), empty_(empty) {}

LogicalLines::LogicalLines(MoreText more, std::string name, WarningSink warn, EmptyLines empty)
    : more_(std::move(more)), name_(std::move(name)), warn_(std::move(warn)), empty_(empty) {}

bool LogicalLines::read_more() {
  if (!more_) return false;
  const std::size_t before = rest_.size();
  rest_ = more_(rest_);
  return rest_.size() > before;
}

std::optional<LogicalLines::Physical> LogicalLines::take_physical() {
  auto newline = rest_.find('\n');
  while (newline == std::string_view::npos) {
    const std::size_t searched = rest_.size();
    if (!read_more()) break;
    newline = rest_.find('\n', searched);
  }
  if (rest_.empty()) return std::nullopt;
  Physical physical{rest_.substr(0, newline)};
  rest_.remove_prefix(newline == std::string_view::npos ? rest_.size() : newline + 1);
  ++line_;
  const std::string_view content = text::trim_left(physical.text);
  physical.dropped = content.empty() || content.front() == '#';
  return physical;
}

bool LogicalLines::at_continuation() {
  if (rest_.empty() && !read_more()) return false;
  return text::is_space(rest_.front()) || rest_.front() == '#';
}

// A piece is copied before the next one is looked for: reading on may move the text.
bool LogicalLines::gather(LogicalLine& line) {
  line.text.clear();
  line.first_line = line.last_line = 0;
  line.emergency = false;
  bool mark_after = false;  // a mark seen after text of this line belongs to the next one
  while (const auto physical = take_physical()) {
    if (physical->dropped) {
      if (is_emergency_mark(physical->text))
        (line.first_line == 0 ? mark_pending_ : mark_after) = true;
    } else {
      if (line.first_line == 0) {
        line.first_line = line_;
        line.emergency = std::exchange(mark_pending_, false);
      }
      mark_after = false;
      line.last_line = line_;
      line.text += physical->text;
    }
    if (line.first_line != 0 && !at_continuation()) break;
  }
  mark_pending_ = mark_after;
  return line.first_line != 0;
}

void LogicalLines::complain_of_indented(const LogicalLine& line) const {
  const bool longer = line.text.size() > kShownBytes;  // counted beyond a NUL, shown up to it
  const std::string_view shown = std::string_view(line.text).substr(0, kShownBytes);
  warn_(Diagnostic{Severity::warning,
                   fmt::format("{}: logical line must not start with whitespace: \"{}{}\"", name_,
                               shown.substr(0, shown.find('\0')), longer ? "..." : ""),
                   name_, line.first_line, 1});
}

bool LogicalLines::next(LogicalLine& line) {
  while (gather(line)) {
    if (text::is_space(line.text.front())) {
      complain_of_indented(line);
      continue;
    }
    if (const auto nul = line.text.find('\0'); nul != std::string::npos) line.text.resize(nul);
    if (empty_ != EmptyLines::as_is) line.text.resize(text::trim_right(line.text).size());
    if (line.text.empty() && empty_ == EmptyLines::skip) continue;
    return true;
  }
  return false;
}

std::optional<LogicalLine> LogicalLines::next() {
  LogicalLine line;
  if (!next(line)) return std::nullopt;
  return line;
}

}  // namespace headgate
