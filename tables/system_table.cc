// Tested by tests/tables/system_table_test.cc and, beside postmap(1), by tests/tables/types_agree_test.py.
#include "tables/system_table.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tables/case_fold.h"

namespace headgate::tables {

namespace {

constexpr std::size_t kMostBytes = 1U << 24U;  // of a group with all its members

std::string line_of(const passwd& user) {
  return fmt::format("{}:{}:{}:{}:{}:{}:{}", user.pw_name, user.pw_passwd, user.pw_uid, user.pw_gid,
                     user.pw_gecos, user.pw_dir, user.pw_shell);
}

std::string line_of(const group& group) {
  std::string line = fmt::format("{}:{}:{}:", group.gr_name, group.gr_passwd, group.gr_gid);
  for (char** member = group.gr_mem; *member != nullptr; ++member) {
    if (member != group.gr_mem) line += ',';
    line += *member;
  }
  return line;
}

// getpwnam_r(3) lists ENOENT, EBADF and EPERM too, but they are what a missing /etc/passwd or a broken service give: such a
// failure must not become "no such user".
bool means_nobody(int error) { return error == 0 || error == ESRCH; }

template <class Entry>
using Ask = int (*)(const char*, Entry*, char*, std::size_t, Entry**);

template <class Entry>
class UnixTable final : public Lookup {
 public:
  UnixTable(std::string_view name, Folding folding, Ask<Entry> ask)
      : name_(name), folding_(folding), ask_(ask) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    std::string memory;
    const std::string wanted(fold_key(key, folding_, memory));
    std::vector<char> buffer(1024);
    Entry entry{};
    Entry* found = nullptr;
    int error = ERANGE;
    while (error == ERANGE && buffer.size() < kMostBytes) {
      buffer.resize(buffer.size() * 2);
      do {
        error = ask_(wanted.c_str(), &entry, buffer.data(), buffer.size(), &found);
      } while (error == EINTR);
    }
    if (found != nullptr) return Found{line_of(entry), name_, 0};
    if (means_nobody(error)) return std::nullopt;
    return fail_errno("table", name_, error);
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] bool may_wait() const override { return true; }

 private:
  std::string name_;
  Folding folding_;
  Ask<Entry> ask_;
};

class EnvironTable final : public Lookup {
 public:
  EnvironTable(std::string_view name, Folding folding) : name_(name), folding_(folding) {}

  Result<std::optional<Found>> find(std::string_view key) override {
    std::string memory;
    const std::string wanted(fold_key(key, folding_, memory));
    const char* value = std::getenv(wanted.c_str());
    if (value == nullptr) return std::nullopt;
    return Found{value, name_, 0};
  }

  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  std::string name_;
  Folding folding_;
};

}  // namespace

Result<std::unique_ptr<Lookup>> open_unix_table(std::string_view spec, std::string_view name,
                                                const OpenOptions& options) {
  const Folding folding = folding_of(options.fold, options.utf8);
  if (name == "passwd.byname")
    return std::unique_ptr<Lookup>(
        std::make_unique<UnixTable<passwd>>(spec, folding, ::getpwnam_r));
  if (name == "group.byname")
    return std::unique_ptr<Lookup>(std::make_unique<UnixTable<group>>(spec, folding, ::getgrnam_r));
  return fail(Code::invalid, fmt::format("unknown table: unix:{}", name));
}

Result<std::unique_ptr<Lookup>> open_environ_table(std::string_view spec,
                                                   const OpenOptions& options) {
  return std::unique_ptr<Lookup>(
      std::make_unique<EnvironTable>(spec, folding_of(options.fold, options.utf8)));
}

}  // namespace headgate::tables
