// Tested by tests/tables/type_spec_test.cc.
#include "tables/type_spec.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::tables {

namespace {

constexpr std::string_view kSeparators = ", \t\r\n";

}  // namespace

Result<TypeSpec> split_type(std::string_view spec) {
  const auto colon = spec.find(':');
  const TypeSpec split = colon == std::string_view::npos
                             ? TypeSpec{"hash", spec}
                             : TypeSpec{spec.substr(0, colon), spec.substr(colon + 1)};
  if (!split.type.empty() && !split.name.empty()) return split;
  return fail(Code::invalid,
              fmt::format("open dictionary: expecting \"type:name\" form instead of \"{}:{}\"",
                          split.type, split.name));
}

std::size_t balanced_length(std::string_view text) {
  if (!text.starts_with('{')) return 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}') --depth;
    if (depth == 0) return i + 1;
  }
  return 0;
}

Result<std::string_view> inside_braces(std::string_view text) {
  if (!text.starts_with('{'))
    return fail(Code::invalid, fmt::format("no '{{' at start of text in \"{}\"", text));
  const std::size_t length = balanced_length(text);
  if (length == 0) return fail(Code::invalid, fmt::format("missing '}}' in \"{}\"", text));
  if (length != text.size())
    return fail(Code::invalid, fmt::format("syntax error after '}}' in \"{}\"", text));
  return text::trim(text.substr(1, length - 2));
}

Result<std::string> inline_lines(std::string_view name) {
  TRY(rest, inside_braces(name));
  std::string lines;
  while (const auto item = take_item(rest)) {
    TRY(line, inside_braces(*item));
    lines.append(line) += '\n';
  }
  return lines;
}

std::optional<std::string_view> take_item(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kSeparators), rest.size()));
  if (rest.empty()) return std::nullopt;
  int depth = 0;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    const char c = rest[end];
    if (c == '{') ++depth;
    if (c == '}' && depth > 0) --depth;
    if (depth == 0 && kSeparators.find(c) != std::string_view::npos) break;
  }
  const std::string_view item = rest.substr(0, end);
  rest.remove_prefix(end);
  return item;
}

}  // namespace headgate::tables
