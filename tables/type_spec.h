// type_spec: "type:name" split, and the brace syntax that inline forms share.
//   Lifetime  the views borrow the text given.          Threads  pure.
//   Errors    Code::invalid, worded as Postfix words it; the caller puts its own prefix in front.
//   Source    DATABASE_README; docs/program.md for what postmap(1) 3.7 was observed to accept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace headgate::tables {

struct TypeSpec {
  std::string_view type, name;
};

// Splits at the first colon. Without one the whole text is a name of Postfix's default type, "hash".
Result<TypeSpec> split_type(std::string_view spec);

// Bytes up to and with the '}' that balances the '{' at the start; 0 when there is none. Nothing escapes a brace.
std::size_t balanced_length(std::string_view text);

// The text inside "{ … }", white space trimmed; an Error "missing '}' in …" or "syntax error after '}' in …".
Result<std::string_view> inside_braces(std::string_view text);

// The lines of an inline table "{ {line}, {line} … }", each with its newline: they are then read as a file is.
Result<std::string> inline_lines(std::string_view name);

// The next item of a list separated by commas and white space; a balanced {…} protects both.
std::optional<std::string_view> take_item(std::string_view& rest);

}  // namespace headgate::tables
