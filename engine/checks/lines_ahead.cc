// How it works: the block is scanned when its first body line comes by, so that headers are not. Records come in order; the
// lines that are touched are stepped through beside them. The scan reads the text first: what else is to be found in it is
// then looked for in the cache.
// Tested by lines_ahead_test and, against Postfix, by tests/collide.
#include "engine/checks/lines_ahead.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "engine/mail/lines.h"

namespace headgate::checks {

namespace {

// Enough that a scan's own cost does not show, and still in the cache when its lines are looked at.
constexpr std::size_t kMostBytes = std::size_t{64} << 10U;

}  // namespace

// Some records' worth at a time, no byte twice.
bool LinesAhead::looks_free_of_cr(std::string_view bytes) {
  constexpr std::size_t kLookBytes = 4096;
  if (!lies_in(bytes, text_)) return false;
  const auto begin = static_cast<std::size_t>(bytes.data() - text_.data());
  const std::size_t end = begin + bytes.size();
  if (!lies_in(bytes.substr(0, 0), without_cr_)) without_cr_ = text_.substr(begin, 0);
  std::size_t known =
      static_cast<std::size_t>(without_cr_.data() - text_.data()) + without_cr_.size();
  const std::string_view look = text_.substr(known, std::max(end - known, kLookBytes));
  known += std::min(look.find('\r'), look.size());
  without_cr_ = text_.substr(begin, known - begin);
  return end <= known;
}

bool LinesAhead::begins_line(const char* begin) const {
  const std::less<> before;
  if (text_.empty() || before(begin, text_.data()) || !before(begin, text_.data() + text_.size()))
    return false;
  return begin == text_.data() || begin[-1] == '\n';
}

bool LinesAhead::is_line(std::string_view record) const {
  if (!begins_line(record.data())) return false;
  const char* end = record.data() + record.size();
  return std::less<>()(end, text_.data() + text_.size()) && *end == '\n';
}

// So that the line lies in what is scanned.
void LinesAhead::reach_block(const char* line, std::uint64_t reach, TableList& tables) {
  const std::less<> before;
  const bool in_block = !block_.empty() && !before(line, block_.data()) &&
                        before(line, block_.data() + block_.size());
  if (!in_block) scan_from(line, reach, tables);
}

void LinesAhead::scan_from(const char* line, std::uint64_t reach, TableList& tables) {
  auto at = static_cast<std::size_t>(line - text_.data());
  std::size_t bytes = std::min(text_.size() - at, kMostBytes);
  if (reach < bytes) bytes = static_cast<std::size_t>(reach);
  // Whole lines: to the newline after the last byte in reach.
  const std::size_t newline = text_.find('\n', at + std::max<std::size_t>(bytes, 1) - 1);
  const std::size_t end = newline == std::string_view::npos ? text_.size() : newline + 1;
  // Where a block begins a table must look twice: that shall be an empty line, made of the \n before.
  if (at > 0) --at;
  block_ = text_.substr(at, end - at);
  touched_.clear();
  next_ = 0;
  scanned_ = tables.scan(block_, touched_);
  has_nul_ = std::memchr(block_.data(), '\0', block_.size()) != nullptr;
}

LinesAhead::Place LinesAhead::place_of(std::string_view record, std::uint64_t reach,
                                       TableList& tables) {
  if (!is_line(record)) return {};
  reach_block(record.data(), reach, tables);
  if (!scanned_) return {};
  const auto offset = static_cast<std::uint32_t>(record.data() - block_.data());
  // The key of a line with a NUL ends there: it is another text than the one that was scanned.
  if (has_nul_ && std::memchr(record.data(), '\0', record.size()) != nullptr) return {};
  pass_touched_before(offset);
  if (next_ == touched_.size() || touched_[next_] != offset) return Place{true, std::nullopt};
  return Place{false, offset};
}

std::string_view LinesAhead::untouched(std::string_view lines, std::uint64_t reach,
                                       TableList& tables) {
  if (!begins_line(lines.data())) return {};
  reach_block(lines.data(), reach, tables);
  if (!scanned_) return {};
  const auto offset = static_cast<std::uint32_t>(lines.data() - block_.data());
  pass_touched_before(offset);
  const std::size_t end = next_ < touched_.size() ? touched_[next_] : block_.size();
  lines = lines.substr(0, end - offset);
  return has_nul_ ? mail::lines_before(lines, lines.find('\0')) : lines;
}

void LinesAhead::pass_touched_before(std::uint32_t offset) {
  while (next_ < touched_.size() && touched_[next_] < offset) ++next_;
}

}  // namespace headgate::checks
