// What must not happen to the test program itself happens in a child: its exit status is the answer.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace headgate::master {

// 0 … 255, or -1 when it was killed.
inline int in_child(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline constexpr int kNoSupport = 77;

}  // namespace headgate::master
