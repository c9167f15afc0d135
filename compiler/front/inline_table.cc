// Tested by tests/compiler/front/inline_table_test.cc.
#include "compiler/front/inline_table.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::front {

namespace {

constexpr std::string_view kSeparators = ", \t\r\n";

// Length of the balanced {…} at the start of `s`; 0 when it does not close.
std::size_t balanced_length(std::string_view s) {
  int level = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '{') ++level;
    if (s[i] == '}' && --level == 0) return i + 1;
  }
  return 0;
}

Result<std::string_view> unwrap(std::string_view type, std::string_view s) {
  const auto wrong = [&](std::string_view what) {
    return fail(Code::invalid, fmt::format("{} map: {} in \"{}\"", type, what, s));
  };
  if (s.empty() || s.front() != '{') return wrong("no '{' at start of text");
  const std::size_t length = balanced_length(s);
  if (length == 0) return wrong("missing '}'");
  if (length != s.size()) return wrong("syntax error after '}'");
  return text::trim(s.substr(1, length - 2));
}

// The next item: separators end it only outside braces.
std::string_view take_item(std::string_view& rest) {
  int level = 0;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    if (rest[at] == '{')
      ++level;
    else if (level > 0 && rest[at] == '}')
      --level;
    else if (level == 0 && kSeparators.find(rest[at]) != std::string_view::npos)
      break;
  }
  const std::string_view item = rest.substr(0, at);
  rest.remove_prefix(at);
  return item;
}

}  // namespace

bool is_inline(std::string_view name) { return !name.empty() && name.front() == '{'; }

Result<std::string> inline_text(Dialect dialect, std::string_view name) {
  const std::string_view type = dialect == Dialect::pcre ? "pcre" : "regexp";
  TRY(body, unwrap(type, name));
  std::string_view rest = body;
  std::string lines;
  while (true) {
    const auto start = rest.find_first_not_of(kSeparators);
    if (start == std::string_view::npos) return lines;
    rest.remove_prefix(start);
    TRY(rule, unwrap(type, take_item(rest)));
    lines += rule;
    lines += '\n';
  }
}

}  // namespace headgate::front
