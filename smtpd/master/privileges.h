// Privileges: who a role becomes and what it can still do afterwards: user and group, capabilities, no new privileges,
// Landlock for files and ports, seccomp for system calls. What each role keeps stands in roles.h.
//   Order     confine() first, before there is another thread: what follows is inherited by all of them. Then the role
//             opens its tables and keys, which may still be root's to read; then settle(), for good.
//   Errors    what a kernel or container does not have is a warning in `missing` and the rest is done; a user that cannot
//             be become is an Error: the role must not go on.
//   Source    capabilities(7), landlock(7), seccomp(2); docs/roles.md.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "smtpd/master/roles.h"

namespace headgate::master {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  bool changes = false;  // from the user who started the server
};

// The user that the roles become: `mail_owner` when root started the server, else who did. "" = who did.
Result<User> find_user(const std::string& mail_owner);

// MASTER's own, once the ports are bound: what it takes to start roles as another user and to open their log again.
void confine_master();

void raise_descriptor_limit();

// Before the first thread. Returns what could not be had.
std::vector<std::string> confine(const Rights& rights, const Places& places, bool changes_user);

// After everything is open: the user for good, no capability, the system calls of the role, death with the parent.
Result<void> settle(const Rights& rights, const User& user, pid_t parent,
                    std::vector<std::string>& missing);

}  // namespace headgate::master
