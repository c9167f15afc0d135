// An allow list, because the next kernel's calls shall not be allowed by not being known here. The sanitizers' builds are
// given ptrace: LeakSanitizer looks at the process with it. Tested by tests/e2e/rights_test.py; all of tests/e2e runs
// under these filters.
#include "smtpd/master/system_calls.h"

#include <seccomp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace headgate::master {

namespace {

// Memory, threads, time, and descriptors that are there.
constexpr auto kEveryone = std::to_array<const char*>({
  "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
      "pwritev2", "close", "close_range", "lseek", "fstat", "stat", "lstat", "newfstatat", "statx",
      "access", "faccessat", "faccessat2", "open", "openat", "openat2", "readlink", "readlinkat",
      "getdents", "getdents64", "getcwd", "fcntl", "ioctl", "dup", "dup2", "dup3", "pipe", "pipe2",
      "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
      "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "timerfd_create",
      "timerfd_settime", "timerfd_gettime", "mmap", "munmap", "mremap", "mprotect", "madvise",
      "mincore", "msync", "mlock", "munlock", "brk", "futex", "futex_waitv", "futex_wait",
      "futex_wake", "set_robust_list", "get_robust_list", "rseq", "membarrier", "sched_yield",
      "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler",
      "sched_getattr", "getcpu", "getpriority", "setpriority", "nanosleep", "clock_nanosleep",
      "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getrandom", "getpid",
      "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid",
      "getgroups", "getpgrp", "getpgid", "getsid", "setpgid", "getrlimit", "setrlimit", "prlimit64",
      "getrusage", "sysinfo", "uname", "umask", "prctl", "arch_prctl", "set_tid_address",
      "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend",
      "rt_sigtimedwait", "rt_sigqueueinfo", "sigaltstack", "kill", "tgkill", "tkill", "exit",
      "exit_group", "wait4", "waitid", "restart_syscall", "clone", "clone3", "fork", "vfork",
      "capget", "statfs", "fstatfs", "fadvise64", "flock", "memfd_create", "socketpair", "sendmsg",
      "recvmsg", "sendto", "recvfrom", "sendmmsg", "recvmmsg", "getsockopt", "setsockopt",
      "getsockname", "getpeername", "shutdown", "alarm", "setitimer", "getitimer", "sendfile",
      "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
      "ptrace", "personality", "process_vm_readv",
#endif
});

constexpr auto kWriters = std::to_array<const char*>(
    {"fsync",     "fdatasync", "sync_file_range", "syncfs",    "rename",
     "renameat",  "renameat2", "unlink",          "unlinkat",  "mkdir",
     "mkdirat",   "rmdir",     "utimensat",       "utime",     "utimes",
     "futimesat", "ftruncate", "truncate",        "fallocate", "copy_file_range",
     "link",      "linkat",    "chmod",           "fchmod",    "fchmodat",
     "fchmodat2"});

// Unix sockets are for the name service's helpers.
constexpr auto kTalkers =
    std::to_array<const char*>({"socket", "connect", "bind", "accept", "accept4"});

constexpr auto kRunners = std::to_array<const char*>({"execve", "execveat"});

// What a compromised process would try first: told that it may not, and not that the kernel is old.
constexpr auto kNever = std::to_array<const char*>({"execve",
                                                    "execveat",
                                                    "ptrace",
                                                    "process_vm_readv",
                                                    "process_vm_writev",
                                                    "mount",
                                                    "umount2",
                                                    "pivot_root",
                                                    "chroot",
                                                    "setuid",
                                                    "setgid",
                                                    "setreuid",
                                                    "setregid",
                                                    "setresuid",
                                                    "setresgid",
                                                    "setgroups",
                                                    "setfsuid",
                                                    "setfsgid",
                                                    "capset",
                                                    "unshare",
                                                    "setns",
                                                    "bpf",
                                                    "perf_event_open",
                                                    "keyctl",
                                                    "add_key",
                                                    "request_key",
                                                    "io_uring_setup",
                                                    "userfaultfd",
                                                    "init_module",
                                                    "finit_module",
                                                    "kexec_load",
                                                    "reboot",
                                                    "listen",
                                                    "connect",
                                                    "bind",
                                                    "accept",
                                                    "accept4",
                                                    "mknod",
                                                    "mknodat",
                                                    "symlink",
                                                    "symlinkat"});

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ERRNO(ENOSYS))) {}

  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  ~Filter() {
    if (context_ != nullptr) ::seccomp_release(context_);
  }

  template <class List>
  void allow(const List& names) {
    for (const char* name : names) rule(SCMP_ACT_ALLOW, name);
  }

  template <class List>
  void refuse(const List& names) {
    for (const char* name : names) rule(SCMP_ACT_ERRNO(EPERM), name);  // what is allowed stays so
  }

  void only_unix_sockets() {
    const int number = ::seccomp_syscall_resolve_name("socket");
    add(SCMP_ACT_ALLOW, number, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    add(SCMP_ACT_ERRNO(EPERM), number, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  }

  Result<void> load() {
    if (context_ == nullptr || failed_ != 0)
      return fail(Code::unavailable, "no filter of system calls can be made");
    ::seccomp_attr_set(context_, SCMP_FLTATR_CTL_TSYNC, 1);
    const int error = ::seccomp_load(context_);
    if (error != 0)
      return fail(Code::unavailable, std::string("seccomp: ") + std::strerror(-error));
    return {};
  }

 private:
  void rule(std::uint32_t action, const char* name) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || number < 0) return;  // another machine's
    for (const int known : ruled_)
      if (known == number) return;
    ruled_.push_back(number);
    if (context_ != nullptr && ::seccomp_rule_add(context_, action, number, 0) != 0) ++failed_;
  }

  void add(std::uint32_t action, int number, scmp_arg_cmp condition) {
    ruled_.push_back(number);
    if (context_ != nullptr && ::seccomp_rule_add(context_, action, number, 1, condition) != 0)
      ++failed_;
  }

  scmp_filter_ctx context_;
  std::vector<int> ruled_;
  int failed_ = 0;
};

}  // namespace

Result<void> filter_system_calls(const Rights& rights) {
  Filter filter;
  filter.allow(kEveryone);
  if (rights.writes != Writes::nothing) filter.allow(kWriters);
  if (rights.network == Network::none) {
    filter.only_unix_sockets();
  } else {
    filter.allow(kTalkers);
  }
  if (rights.executes) filter.allow(kRunners);
  filter.refuse(kNever);
  return filter.load();
}

}  // namespace headgate::master
