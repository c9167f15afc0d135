// Tested by cpu_quota_test on made-up trees.
#include "smtpd/cli/cpu_quota.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/text.h"
#include "smtpd/stress/control_group.h"

namespace headgate::cli {
namespace {

constexpr std::size_t kMostBytes = 4096;

// "QUOTA PERIOD"; "max PERIOD" is none.
std::optional<double> quota_in(const std::string& path) {
  const Result<std::string> text = read_file(path, kMostBytes);
  if (!text) return std::nullopt;
  const std::vector<std::string> words = text::split_list(*text);
  if (words.size() != 2 || !text::all_digits(words[0]) || !text::all_digits(words[1]))
    return std::nullopt;
  const double quota = std::strtod(words[0].c_str(), nullptr);
  const double period = std::strtod(words[1].c_str(), nullptr);
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

}  // namespace

// A container with a view of its own sees its group as the root, and that root has a cpu.max.
std::optional<double> cpu_quota(const std::string& proc, const std::string& cgroups) {
  std::string path = stress::control_group(proc);
  if (!path.starts_with('/')) return std::nullopt;
  std::optional<double> least;
  while (true) {
    const std::optional<double> here = quota_in(cgroups + path + "/cpu.max");
    if (here) least = std::min(least.value_or(*here), *here);
    if (path.empty()) return least;
    path.resize(path.rfind('/'));
  }
}

}  // namespace headgate::cli
