// MASTER has one thread, so a plain fork() will do; what happens in the child before exec is kept to system calls.
// Tested by tests/e2e/roles_test.py.
#include "smtpd/master/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/close_range.h>

#include <array>
#include <cerrno>

#include "smtpd/master/signals.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

extern char** environ;

namespace headgate::master {

namespace {

constexpr int kCannotStart = 127;

// In the child. Signals that were ignored or caught are as a program expects them. It dies with MASTER from here on, and not
// only when it has read its tables: until then it would keep the ports from the next server.
[[noreturn]] void become(int program, int channel, char* const* arguments, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotStart);
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) std::signal(signal, SIG_DFL);
  }
  unblock_all();
  if (channel == kControlDescriptor) {
    ::fcntl(channel, F_SETFD, 0);
  } else if (::dup2(channel, kControlDescriptor) < 0) {
    ::_exit(kCannotStart);
  }
  // What was open when the server was started is no business of the roles.
  ::close_range(kControlDescriptor + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execveat(program, "", arguments, environ, AT_EMPTY_PATH);
  ::_exit(kCannotStart);
}

}  // namespace

Result<ChildPtr> spawn(aio::io_context& io, const Fd& program, const Begin& begin, Env& env) {
  TRY(pair, net::channel_pair());
  std::string name = "headgate", command = "role", role(name_of(begin.role));
  const std::array<char*, 4> arguments{name.data(), command.data(), role.data(), nullptr};
  TRY_OK(send_begin(pair.first.get(), begin));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork", name_of(begin.role), errno);
  if (pid == 0) become(program.get(), pair.second.get(), arguments.data(), parent);
  auto child =
      std::make_shared<Child>(io, begin.role, begin.generation, pid, std::move(pair.first));
  child->started = env.steady();
  return child;
}

}  // namespace headgate::master
