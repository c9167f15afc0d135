// Tested by tests/smtpd/config/units_test.cc.
#include "smtpd/config/units.h"

#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::config {

namespace {

std::optional<std::int64_t> seconds_in(char unit) {
  switch (text::to_lower(unit)) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    case 'w':
      return 604800;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<bool> parse_bool(std::string_view name, std::string_view value) {
  if (text::equal_ignore_case(value, "yes")) return true;
  if (text::equal_ignore_case(value, "no")) return false;
  return fail(Code::invalid, fmt::format("bad boolean configuration: {} = {}", name, value));
}

Result<std::int64_t> parse_integer(std::string_view name, std::string_view value,
                                   std::int64_t minimum) {
  std::string_view digits = value;
  if (digits.size() > 1 && digits.front() == '+' && text::is_digit(digits[1]))
    digits.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return fail(Code::invalid, fmt::format("bad numerical configuration: {} = {}", name, value));
  }
  if (number < minimum)
    return fail(Code::invalid,
                fmt::format("invalid {} parameter value {} < {}", name, number, minimum));
  return number;
}

Result<std::chrono::seconds> parse_time(std::string_view name, std::string_view value,
                                        char default_unit, std::chrono::seconds minimum) {
  constexpr std::int64_t kMaximum = std::numeric_limits<std::int32_t>::max();  // Postfix's int
  const auto bad = [&] {
    return fail(Code::invalid,
                fmt::format("parameter {}: bad time value or unit: {}", name, value));
  };
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || number < 0) return bad();
  const bool has_unit = end != value.data() + value.size();
  const auto factor = seconds_in(has_unit ? *end : default_unit);
  if (!factor || number > kMaximum / *factor) return bad();
  const std::chrono::seconds seconds{number * *factor};
  if (seconds < minimum)
    return fail(Code::invalid,
                fmt::format("invalid {}: {} (min {})", name, value, minimum.count()));
  return seconds;
}

char unit_of(std::string_view expanded_default) {
  if (expanded_default.empty() || !seconds_in(expanded_default.back())) return 's';
  return text::to_lower(expanded_default.back());
}

}  // namespace headgate::config
