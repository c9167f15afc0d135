// Tested by tests/smtpd/cli/status_report_test.cc.
#include "smtpd/cli/time_text.h"

#include <chrono>
#include <ctime>

#include <fmt/format.h>

namespace headgate::cli {

std::int64_t unix_time(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string local_time(std::int64_t when) {
  if (when == 0) return "never";
  const auto seconds = static_cast<std::time_t>(when);
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1,
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

}  // namespace headgate::cli
