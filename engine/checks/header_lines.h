// write_header_lines: a logical header back into lines, at most `limit` bytes of it.
// A line that would cross the limit is left out with all that follows when it starts beyond 90 % of the limit (a nice
// cut, between lines), else the text is cut at the limit.
//   Units     bytes.     Threads  pure.     Source  cleanup(8), header_size_limit; content-checks §4.3.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/checks/inspector.h"

namespace headgate::checks {

// A later line that does not start with white space, as REPLACE can make one, gets a tab: it must
// not look like a header.
void write_header_lines(std::string_view text, std::size_t limit, Sink& sink);

// On delivery: every line as it is, whatever its length.
void write_delivered_lines(std::string_view text, Sink& sink);

}  // namespace headgate::checks
