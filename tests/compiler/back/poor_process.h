// A process that the machine gives little: a child, nobody's when the test is root's (whom no limit binds), with hard
// limits. Says 0 when `holds` is true there.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace headgate::back {

inline void limit_hard(__rlimit_resource what, rlim_t value) {
  const rlimit limit{value, value};
  ::setrlimit(what, &limit);
}

template <class Limit, class Holds>
int in_poor_process(const Limit& limit, const Holds& holds) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    limit();
    ::_exit(holds() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace headgate::back
