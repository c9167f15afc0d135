// Header names: does this record start a header, and what is it called?
//   Threads   pure functions.
//   Source    RFC 5322 §2.2 as Postfix reads it: is_header(3); content-checks §4.2 as recorded in docs/walk.md.
#pragma once

#include <cstddef>
#include <string_view>

namespace headgate::mail {

// Length of the field name when the text can start a header, else 0: one or more bytes 33..126
// except the colon, then any spaces and tabs, then a colon.
std::size_t header_name_length(std::string_view text);

inline bool is_header(std::string_view text) { return header_name_length(text) != 0; }

// The name of a header, "" when the text is none.
inline std::string_view header_name(std::string_view text) {
  return text.substr(0, header_name_length(text));
}

}  // namespace headgate::mail
