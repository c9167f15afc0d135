// Tested by tests/e2e/images_test.py and its kin, which run in the split.
#include "smtpd/cli/remote_builds.h"

#include <charconv>

#include "engine/rules/program.h"

namespace headgate::cli {

namespace {

constexpr std::chrono::milliseconds kLook{100};  // whether it was cancelled

Result<void> result_of(const std::string& text) {
  if (text.empty()) return {};
  int code = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), code);
  const std::size_t rest = static_cast<std::size_t>(parsed.ptr - text.data());
  const bool known = code >= 0 && code <= static_cast<int>(Code::bug);
  return fail(known ? static_cast<Code>(code) : Code::bug,
              rest < text.size() ? text.substr(rest + 1) : text);
}

}  // namespace

Result<void> RemoteBuilds::build(rules::Dialect dialect, const std::string& name,
                                 const std::atomic<bool>& cancelled) {
  std::unique_lock lock(mutex_);
  const std::uint64_t number = ++last_;
  waiting_[number];
  link_.report(master::Report::build, build_task(dialect, name), number);
  while (!waiting_[number] && !cancelled) answered_.wait_for(lock, kLook);
  const std::optional<std::string> answer = std::move(waiting_[number]);
  waiting_.erase(number);
  if (answer) return result_of(*answer);
  link_.report(master::Report::cancel, {}, number);
  return fail(Code::cancelled, "building its database was cancelled", name);
}

void RemoteBuilds::answer(std::uint64_t number, std::string text) {
  const std::lock_guard lock(mutex_);
  const auto at = waiting_.find(number);
  if (at == waiting_.end()) return;
  at->second = std::move(text);
  answered_.notify_all();
}

std::string build_task(rules::Dialect dialect, const std::string& name) {
  return std::string(rules::name_of(dialect)) + '\n' + name;
}

std::optional<std::pair<rules::Dialect, std::string>> parse_build_task(const std::string& task) {
  for (const rules::Dialect dialect : {rules::Dialect::pcre, rules::Dialect::regexp}) {
    const std::string prefix = build_task(dialect, "");
    if (task.starts_with(prefix)) return std::make_pair(dialect, task.substr(prefix.size()));
  }
  return std::nullopt;
}

}  // namespace headgate::cli
