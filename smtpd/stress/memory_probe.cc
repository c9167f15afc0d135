// Tested by memory_probe_test on made-up trees.
#include "smtpd/stress/memory_probe.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "engine/base/text.h"
#include "smtpd/stress/control_group.h"

namespace headgate::stress {
namespace {

std::optional<std::string> content(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A number at the start of `text`, after blanks; nothing for "max".
std::optional<double> number(std::string_view text) {
  text = text::trim(text);
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<double> number_in(const std::string& path) {
  const std::optional<std::string> text = content(path);
  return text ? number(*text) : std::nullopt;
}

// What stands behind `key` in "key 12" or "some avg10=1.23".
std::optional<double> number_behind(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  return number(text.substr(at + key.size()));
}

}  // namespace

MemoryProbe::MemoryProbe(std::string proc, std::string cgroups) : proc_(std::move(proc)) {
  const std::string group = control_group(proc_);
  if (!group.empty()) cgroup_ = cgroups + (group == "/" ? "" : group);
}

std::optional<double> MemoryProbe::used_percent() const {
  if (cgroup_.empty()) return std::nullopt;
  const auto current = number_in(cgroup_ + "/memory.current");
  const auto most = number_in(cgroup_ + "/memory.max"), high = number_in(cgroup_ + "/memory.high");
  if (!current || (!most && !high)) return std::nullopt;
  const double limit = std::min(most.value_or(*high), high.value_or(*most));
  if (limit <= 0) return std::nullopt;
  const std::string stat = content(cgroup_ + "/memory.stat").value_or("");
  const double droppable = number_behind(stat, "inactive_file ").value_or(0);
  return 100 * std::max(0.0, *current - droppable) / limit;
}

std::optional<double> MemoryProbe::pressure_percent() const {
  std::optional<std::string> text;
  if (!cgroup_.empty()) text = content(cgroup_ + "/memory.pressure");
  if (!text) text = content(proc_ + "/pressure/memory");
  return text ? number_behind(*text, "some avg10=") : std::nullopt;
}

std::optional<double> MemoryProbe::rss_mib() const {
  const std::optional<std::string> text = content(proc_ + "/self/statm");
  if (!text) return std::nullopt;
  const auto pages = number_behind(*text, " ");
  if (!pages) return std::nullopt;
  return *pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace headgate::stress
