// Capabilities are set by the system call itself: it is two structures, and saves a library. glibc makes setuid(2) and its
// kin one step for all threads; capabilities, Landlock and the bounding set are each thread's own, hence the order.
// Tested by tests/smtpd/master/privileges_test.cc and tests/e2e/rights_test.py.
#include "smtpd/master/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "smtpd/master/landlock.h"
#include "smtpd/master/system_calls.h"

namespace headgate::master {

namespace {

constexpr std::uint16_t kDomain = 53;

std::uint64_t bit(int capability) { return std::uint64_t{1} << static_cast<unsigned>(capability); }

// Effective and permitted; what is not permitted already stays so.
void keep_capabilities(std::uint64_t kept) {
  for (int capability = 0; capability <= CAP_LAST_CAP || ::prctl(PR_CAPBSET_READ, capability) >= 0;
       ++capability)
    if ((kept & bit(capability)) == 0) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return;
  for (unsigned half = 0; half < sets.size(); ++half) {
    const auto mask = static_cast<std::uint32_t>(kept >> (32 * half));
    sets[half].permitted &= mask;
    sets[half].effective = sets[half].permitted;
    sets[half].inheritable = 0;
  }
  ::syscall(SYS_capset, &header, sets.data());
}

void allow_system_files(Landlock& landlock) {
  for (const char* path :
       {"/etc", "/usr", "/lib", "/lib64", "/bin", "/dev", "/proc", "/sys", "/run"})
    landlock.allow(path, Landlock::Files::read);
}

void allow_files(const Rights& rights, const Places& places, Landlock& landlock) {
  using Files = Landlock::Files;
  if (rights.reads == Reads::everything) {
    landlock.allow("/", rights.executes ? Files::read_and_run : Files::read);
  } else {
    allow_system_files(landlock);
    for (const std::string& path : places.configuration) landlock.allow(path, Files::read);
  }
  landlock.allow("/dev/null", Files::write_to);
  if (rights.executes) landlock.allow("/proc", Files::write_to);  // its compiler's oom_score_adj
  landlock.allow("/dev/tty", Files::write_to);
  const std::vector<std::string>* writable = nullptr;
  switch (rights.writes) {
    case Writes::nothing:
      return;
    case Writes::spool:
      writable = &places.spool;
      break;
    case Writes::mailboxes:
      writable = &places.mailboxes;
      break;
    case Writes::images:
      writable = &places.images;
      break;
  }
  for (const std::string& path : *writable) landlock.allow(path, Files::change);
}

void allow_ports(const Rights& rights, std::vector<std::uint16_t> of_tables, Landlock& landlock) {
  switch (rights.network) {
    case Network::none:
      landlock.only_bind({});
      landlock.only_connect({});
      return;
    case Network::resolver:
      landlock.only_bind({});
      of_tables.push_back(kDomain);
      landlock.only_connect(std::move(of_tables));
      return;
    case Network::client:
      landlock.only_bind({0});  // smtp_bind_address
      return;
  }
}

}  // namespace

Result<User> find_user(const std::string& mail_owner) {
  User user;
  user.uid = ::geteuid();
  user.gid = ::getegid();
  if (user.uid != 0 || mail_owner.empty()) return user;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  ::getpwnam_r(mail_owner.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr)
    return fail(
        Code::invalid,
        fmt::format("mail_owner: unknown user: {} (empty: who starts the server)", mail_owner));
  user.name = mail_owner;
  user.uid = found->pw_uid;
  user.gid = found->pw_gid;
  user.changes = user.uid != 0;
  return user;
}

void confine_master() {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  keep_capabilities(bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_SETPCAP) | bit(CAP_KILL) |
                    bit(CAP_NET_BIND_SERVICE) | bit(CAP_DAC_READ_SEARCH));
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<std::string> confine(const Rights& rights, const Places& places, bool changes_user) {
  std::vector<std::string> missing;
  keep_capabilities(changes_user ? bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_DAC_READ_SEARCH)
                                 : 0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) missing.emplace_back("no_new_privs");
  Landlock landlock;
  allow_files(rights, places, landlock);
  allow_ports(rights, places.ports, landlock);
  if (rights.role != Role::queue) landlock.only_own_signals();  // it asks whether a FRONT lives
  const Result<void> enforced = landlock.enforce();
  if (!enforced) missing.push_back(enforced.error().text());
  return missing;
}

Result<void> settle(const Rights& rights, const User& user, pid_t parent,
                    std::vector<std::string>& missing) {
  if (user.changes) {
    if (::setgroups(0, nullptr) != 0) return fail_errno("setgroups", user.name, errno);
    if (::setresgid(user.gid, user.gid, user.gid) != 0)
      return fail_errno("setgid", user.name, errno);
    if (::setresuid(user.uid, user.uid, user.uid) != 0)
      return fail_errno("setuid", user.name, errno);
    if (::setuid(0) == 0) return fail(Code::bug, "root can be had back");
  }
  keep_capabilities(0);
  // It is set since the fork (child.cc), but a change of user forgets it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) missing.emplace_back("death with the parent");
  if (::getppid() != parent) return fail(Code::closed, "MASTER is gone");
  const Result<void> filtered = filter_system_calls(rights);
  if (!filtered) missing.push_back(filtered.error().text());
  return {};
}

}  // namespace headgate::master
