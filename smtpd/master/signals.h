// The signals that MASTER listens to. During an upgrade they are blocked from before exec until the new program listens: exec
// resets them to their default, which for most of them is death. The kernel keeps what comes meanwhile.
//   Threads   the only one's mask; children get an empty one, see unblock_all().
//   Source    execve(2), signal(7).
#pragma once

#include <csignal>

namespace headgate::master {

inline constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

inline void mask_signals(int how) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) sigaddset(&set, signal);
  ::sigprocmask(how, &set, nullptr);
}

inline void block_signals() { mask_signals(SIG_BLOCK); }

inline void unblock_signals() { mask_signals(SIG_UNBLOCK); }

// In a child, before exec.
inline void unblock_all() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace headgate::master
