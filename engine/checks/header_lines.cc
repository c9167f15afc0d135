#include "engine/checks/header_lines.h"

#include <string>

namespace headgate::checks {

void write_header_lines(std::string_view text, std::size_t limit, Sink& sink) {
  std::size_t start = 0;
  for (;;) {
    std::size_t end = text.find('\n', start);
    bool last = end == std::string_view::npos;
    if (last) end = text.size();
    if (end > limit) {
      if (static_cast<double>(start) > 0.9 * static_cast<double>(limit)) return;
      end = limit;
      last = true;
    }
    const std::string_view line = text.substr(start, end - start);
    const bool folded = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    if (start == 0 || folded) {
      sink.record(line, false);
    } else {
      std::string indented(1, '\t');
      indented += line;
      sink.record(indented, false);
    }
    if (last) return;
    start = end + 1;
  }
}

void write_delivered_lines(std::string_view text, Sink& sink) {
  for (;;) {
    const std::size_t end = text.find('\n');
    sink.record(text.substr(0, end), false);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace headgate::checks
