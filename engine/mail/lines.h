// Lines: a text of whole lines, each with its \n, that is handed on at once where nothing in it needs a look of its own.
//   Units     bytes.       Threads  pure functions.
//   Cost      find_delimiter_like() and count_lines() look at many bytes at a time; each_line() costs a search a line.
#pragma once

#include <cstddef>
#include <string_view>

namespace headgate::mail {

// The lines at the front of `text`, all shorter than `limit` bytes (0: of any length). Ends before a line that is longer or
// without its end.
std::string_view whole_lines(std::string_view text, std::size_t limit);

// The lines before the one that holds the byte at `at`; all of them with npos.
std::string_view lines_before(std::string_view lines, std::size_t at);

// Where the first line begins that starts with "--", else npos.
std::size_t find_delimiter_like(std::string_view lines);

std::size_t count_lines(std::string_view lines);

// `each(line)`, without its \n.
template <class Each>
void each_line(std::string_view lines, Each&& each) {
  while (!lines.empty()) {
    const std::size_t newline = lines.find('\n');
    each(lines.substr(0, newline));
    if (newline == std::string_view::npos) return;
    lines.remove_prefix(newline + 1);
  }
}

}  // namespace headgate::mail
