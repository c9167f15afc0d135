// How it works: the block is scanned when its first body line comes by, so that headers are not. Records come in order; the
// lines that are touched are stepped through beside them.
// Tested by lines_ahead_test and, against Postfix, by tests/collide.
#include "engine/checks/lines_ahead.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace headgate::checks {

namespace {

// Enough that a scan's own cost does not show, and still in the cache when its lines are looked at.
constexpr std::size_t kMostBytes = std::size_t{64} << 10U;

}  // namespace

bool LinesAhead::is_line(std::string_view record) const {
  const std::less<> before;
  const char* begin = record.data();
  const char* end = begin + record.size();
  const char* text_end = text_.data() + text_.size();
  if (text_.empty() || before(begin, text_.data()) || !before(end, text_end)) return false;
  return *end == '\n' && (begin == text_.data() || begin[-1] == '\n');
}

void LinesAhead::scan_from(std::string_view record, std::uint64_t reach, TableList& tables) {
  const auto at = static_cast<std::size_t>(record.data() - text_.data());
  std::size_t bytes = std::min(text_.size() - at, kMostBytes);
  if (reach < bytes) bytes = static_cast<std::size_t>(reach);
  // Whole lines: to the newline after the last byte in reach.
  const std::size_t newline = text_.find('\n', at + std::max(bytes, record.size() + 1) - 1);
  const std::size_t end = newline == std::string_view::npos ? text_.size() : newline + 1;
  block_ = text_.substr(at, end - at);
  touched_.clear();
  next_ = 0;
  has_nul_ = std::memchr(block_.data(), '\0', block_.size()) != nullptr;
  scanned_ = tables.scan(block_, touched_);
}

LinesAhead::Place LinesAhead::place_of(std::string_view record, std::uint64_t reach,
                                       TableList& tables) {
  if (!is_line(record)) return {};
  const std::less<> before;
  const char* block_end = block_.data() + block_.size();
  const bool in_block =
      !block_.empty() && !before(record.data(), block_.data()) && before(record.data(), block_end);
  if (!in_block) scan_from(record, reach, tables);
  if (!scanned_) return {};
  const auto offset = static_cast<std::uint32_t>(record.data() - block_.data());
  // The key of a line with a NUL ends there: it is another text than the one that was scanned.
  if (has_nul_ && std::memchr(record.data(), '\0', record.size()) != nullptr) return {};
  while (next_ < touched_.size() && touched_[next_] < offset) ++next_;
  if (next_ == touched_.size() || touched_[next_] != offset) return Place{true, std::nullopt};
  return Place{false, offset};
}

}  // namespace headgate::checks
