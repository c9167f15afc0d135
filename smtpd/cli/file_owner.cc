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
  switched_ = true;
  if (::setgroups(1, &group) == 0 && ::setegid(group) == 0 && ::seteuid(user) == 0) return;
  failed_ = fail_errno("become the owner of", "the source file", errno).value();
}

// A process that cannot come back must not go on as if it had.
AsOwner::~AsOwner() {
  if (!switched_) return;
  const gid_t root = 0;
  if (::seteuid(0) != 0 || ::setegid(root) != 0 || ::setgroups(1, &root) != 0) std::abort();
}

}  // namespace headgate::cli
