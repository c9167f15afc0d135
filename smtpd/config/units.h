// The value types of main.cf: yes/no, numbers, times. Strict, as Postfix is; its one laxity (text after a time's unit)
// is kept.
//   Units     a time without a unit takes its parameter's own: the letter in that parameter's default.
//   Errors    Code::invalid; `what` is Postfix's text, which names the parameter.
//   Source    smtpd.md §1.3 as recorded in docs/compat.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "engine/base/error.h"

namespace headgate::config {

Result<bool> parse_bool(std::string_view name, std::string_view value);
Result<std::int64_t> parse_integer(std::string_view name, std::string_view value,
                                   std::int64_t minimum);
Result<std::chrono::seconds> parse_time(std::string_view name, std::string_view value,
                                        char default_unit, std::chrono::seconds minimum);

// The unit letter that a default text such as "300s" ends with; 's' when it has none.
char unit_of(std::string_view expanded_default);

}  // namespace headgate::config
