// A text that other programs may be writing to is read and not mapped: a mapped file that is cut short kills its reader.
// Tested by tests/tables/source_text_test.cc, text_table_test.cc and, beside postmap(1), tests/tables/map_agrees_test.py.
#include "tables/source_text.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "tables/keyed_table.h"

namespace headgate::tables {

namespace {

constexpr std::string_view kIgnored = " -- ignoring this line";
constexpr std::string_view kAliases = R"(record is in "key: value" format; is this an alias file?)";

}  // namespace

SourceText::SourceText(LogicalLines lines, std::string path, SourceReader reader, bool utf8,
                       WarningSink warn)
    : lines_(std::move(lines)),
      path_(std::move(path)),
      reader_(reader),
      utf8_(utf8),
      warn_(std::move(warn)) {}

std::optional<SourceEntry> SourceText::next() {
  while (lines_.next(line_)) {
    const std::string_view text = line_.text;
    if (utf8_ && !text::is_ascii(text) && !text::valid_utf8(text)) {
      complain(fmt::format("non-UTF-8 input \"{}\"{}", text, kIgnored));
      continue;
    }
    const auto length = key_length(text, "");
    if (!length) {
      complain(fmt::format("unbalanced '\"' in '{}'{}", text, kIgnored));
      continue;
    }
    const SourceEntry entry{text.substr(0, *length), text::trim(text.substr(*length)),
                            line_.first_line};
    if (entry.key.empty() || entry.value.empty()) {
      complain(fmt::format("expected format: key whitespace value{}",
                           reader_ == SourceReader::texthash ? kIgnored : ""));
      continue;
    }
    if (entry.key.ends_with(':')) complain(kAliases);
    return entry;
  }
  return std::nullopt;
}

void SourceText::complain(std::string_view text) {
  warn_(Diagnostic{Severity::warning, fmt::format("{}, line {}: {}", path_, line_.first_line, text),
                   path_, line_.first_line, 1});
}

FileText::FileText(int fd, std::string path, std::size_t piece_bytes)
    : fd_(fd), path_(std::move(path)), piece_bytes_(piece_bytes) {}

std::string_view FileText::more(std::string_view left) {
  if (!left.empty()) std::memmove(buffer_.data(), left.data(), left.size());
  // A line longer than the buffer doubles it: its bytes are moved a few times, not once for each piece.
  if (buffer_.size() < left.size() + piece_bytes_)
    buffer_.resize(std::max(2 * buffer_.size(), left.size() + piece_bytes_));
  for (;;) {
    const ssize_t got = ::read(fd_, buffer_.data() + left.size(), buffer_.size() - left.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error_ = fail_errno("read", path_, errno).value();
    const std::size_t more = got < 0 ? 0 : static_cast<std::size_t>(got);
    bytes_read_ += more;
    return std::string_view(buffer_).substr(0, left.size() + more);
  }
}

}  // namespace headgate::tables
