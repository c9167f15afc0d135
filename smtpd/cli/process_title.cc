// Linux shows the bytes from where the arguments began, and goes on into the environment's place when the last byte of the
// arguments is not NUL. The environment is copied away first; the copy stays reachable through environ to the end.
// Tested by process_title_test and tests/e2e/stress_command_test.py.
#include "smtpd/cli/process_title.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

namespace headgate::cli {
namespace {

// Fields of /proc/self/stat, counted from the one behind the command's name (proc(5): 48 arg_start … 51 env_end).
constexpr std::size_t kArgStart = 48 - 3, kArgEnd = 49 - 3, kEnvStart = 50 - 3, kEnvEnd = 51 - 3;

std::vector<std::uint64_t> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > text.size()) return {};
  std::istringstream rest(text.substr(name_end + 4));  // behind the state, which is no number
  std::vector<std::uint64_t> fields{0};
  for (std::string word; rest >> word;) fields.push_back(std::strtoull(word.c_str(), nullptr, 10));
  return fields;
}

void move_environment() {
  std::size_t count = 0;
  while (environ != nullptr && environ[count] != nullptr) ++count;
  char** const copy = new char*[count + 1];
  for (std::size_t i = 0; i < count; ++i) copy[i] = ::strdup(environ[i]);
  copy[count] = nullptr;
  environ = copy;
}

}  // namespace

std::string process_title(const std::vector<TitledService>& services) {
  std::string title;
  for (const TitledService& service : services) {
    title += fmt::format("{}smtpd -n {} -t {}", title.empty() ? "headgate: " : ", ", service.name,
                         service.type);
    if (service.eligible) title += service.stressed ? " -o stress=yes" : " -o stress=";
  }
  return title;
}

ProcessTitle::ProcessTitle() {
  const std::vector<std::uint64_t> fields = stat_fields();
  if (fields.size() <= kEnvEnd) return;
  if (fields[kArgStart] == 0 || fields[kArgStart] >= fields[kArgEnd]) return;
  std::uint64_t end = fields[kArgEnd];
  // Only where the environment is still where the system put it, right behind.
  const bool behind = fields[kEnvStart] == end && fields[kEnvEnd] > end;
  const bool in_place = environ != nullptr && environ[0] != nullptr &&
                        reinterpret_cast<std::uintptr_t>(environ[0]) == fields[kEnvStart];
  if (behind && in_place) {
    move_environment();
    end = fields[kEnvEnd];
  }
  begin_ = reinterpret_cast<char*>(static_cast<std::uintptr_t>(fields[kArgStart]));
  size_ = static_cast<std::size_t>(end - fields[kArgStart]);
}

void ProcessTitle::set(const std::string& title) {
  if (begin_ == nullptr || title == shown_) return;
  shown_ = title;
  const std::size_t length = std::min(title.size(), size_ - 1);
  std::memcpy(begin_, title.data(), length);
  std::memset(begin_ + length, 0, size_ - length);
}

}  // namespace headgate::cli
