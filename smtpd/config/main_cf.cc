// Tested by tests/smtpd/config/main_cf_test.cc and, against the installed postconf, by postconf_test.py.
#include "smtpd/config/main_cf.h"

#include <fmt/format.h>

#include "engine/base/lines.h"
#include "engine/base/text.h"

namespace headgate::config {

std::string place(const std::string& file, int line) {
  return line == 0 ? file : fmt::format("{}, line {}", file, line);
}

Result<NameValue> split_name_value(std::string_view text) {
  const std::string_view trimmed = text::trim(text);
  std::size_t end = 0;
  while (end < trimmed.size() && !text::is_space(trimmed[end]) && trimmed[end] != '=') ++end;
  const std::string_view name = trimmed.substr(0, end);
  const std::string_view rest = text::trim_left(trimmed.substr(end));
  if (name.empty()) return fail(Code::invalid, fmt::format("missing attribute name: \"{}\"", text));
  if (!rest.starts_with('='))
    return fail(Code::invalid, fmt::format("missing '=' after attribute name: \"{}\"", text));
  return NameValue{std::string(name), std::string(text::trim(rest.substr(1)))};
}

Result<Layer> parse_main_cf(std::string_view text, const std::string& file,
                            const WarningSink& warn) {
  Layer layer;
  LogicalLines lines(text, file, warn);
  while (const auto line = lines.next()) {
    auto pair = split_name_value(line->text);
    if (!pair)
      return fail(Code::invalid, std::move(pair.error().what), place(file, line->first_line));
    if (const auto earlier = layer.find(pair->name); earlier != layer.end()) {
      warn({Severity::warning,
            fmt::format("{}: overriding earlier entry: {}={}", place(file, line->first_line),
                        pair->name, earlier->second.value),
            file, line->first_line, 1});
    }
    layer[pair->name] = Setting{std::move(pair->value), file, line->first_line};
  }
  return layer;
}

}  // namespace headgate::config
