// The effective ids and the groups; the real user stays root, and the way back open. Tested by
// tests/tables/map_rights_test.py.
#include "smtpd/cli/file_owner.h"

#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace headgate::cli {

AsOwner::AsOwner(uid_t user, gid_t group) {
  if (::geteuid() != 0 || (user == 0 && group == ::getegid())) return;
  group_before_ = ::getegid();
  const int count = ::getgroups(0, nullptr);
  groups_before_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count < 0 || ::getgroups(count, groups_before_.data()) != count) {
    failed_ = fail_errno("read the groups of", "this process", errno).value();
    return;
  }
  switched_ = true;
  if (::setgroups(1, &group) == 0 && ::setegid(group) == 0 && ::seteuid(user) == 0) return;
  failed_ = fail_errno("become the owner of", "the source file", errno).value();
}

// A process that cannot come back must not go on as if it had.
AsOwner::~AsOwner() {
  if (!switched_) return;
  if (::seteuid(0) != 0 || ::setegid(group_before_) != 0 ||
      ::setgroups(groups_before_.size(), groups_before_.data()) != 0)
    std::abort();
}

}  // namespace headgate::cli
