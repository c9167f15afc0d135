// One loop over the table of parameters, as settings.cc fills them. Tested by difference_test.
#include "smtpd/config/difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "smtpd/config/params.h"

namespace headgate::config {
namespace {

std::string text_of(const std::string& value) { return value; }

std::string text_of(bool value) { return value ? "yes" : "no"; }

std::string text_of(std::int64_t value) { return std::to_string(value); }

std::string text_of(seconds value) { return fmt::format("{}s", value.count()); }

std::string text_of(const std::vector<std::string>& value) {
  return fmt::format("{}", fmt::join(value, ", "));
}

std::string text_of(const std::optional<bool>& value) { return value ? text_of(*value) : ""; }

}  // namespace

std::vector<ChangedParameter> difference(const Settings& calm, const Settings& stressed) {
  std::vector<ChangedParameter> changed;
  for (const Param& param : params()) {
    std::visit(
        [&](auto field) {
          if constexpr (!std::is_same_v<decltype(field), std::monostate>) {
            if (calm.*field != stressed.*field)
              changed.push_back(
                  {std::string(param.name), text_of(calm.*field), text_of(stressed.*field)});
          }
        },
        param.field);
  }
  return changed;
}

}  // namespace headgate::config
