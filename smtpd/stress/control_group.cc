// Tested by memory_probe_test and cpu_quota_test on made-up trees.
#include "smtpd/stress/control_group.h"

#include <string_view>

#include "engine/base/file.h"
#include "engine/base/text.h"

namespace headgate::stress {
namespace {

constexpr std::size_t kMostBytes = 65536;

}  // namespace

std::string control_group(const std::string& proc) {
  const std::string groups = read_file(proc + "/self/cgroup", kMostBytes).value_or("");
  const std::size_t at = groups.find("0::");  // version 2 has hierarchy 0 and no controllers
  if (at == std::string::npos) return "";
  const std::string_view path = std::string_view(groups).substr(at + 3);
  return std::string(text::trim(path.substr(0, path.find('\n'))));
}

}  // namespace headgate::stress
