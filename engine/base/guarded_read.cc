// Why a handler and not a look at the file's size before each reading: the file may be cut between the two, and a system call
// costs more than the whole lookup that it would guard. Why sigsetjmp: the handler of a fault that comes from the program's
// own access cannot return, because the access would be tried again. The mask is not saved, which would be a system call, but
// put back by the handler: ThreadSanitizer blocks all signals in one.
// A process has one handler for a signal: this is the one place where state is the process's.
// Tested by tests/engine/base/data_file_test.cc.
#include "engine/base/guarded_read.h"

#include <ucontext.h>

#include <csetjmp>
#include <csignal>
#include <mutex>

namespace headgate {

namespace {

thread_local sigjmp_buf* volatile guard = nullptr;

struct sigaction before {};

void on_fault(int number, siginfo_t*, void* context) {
  if (sigjmp_buf* const here = guard) {
    ::pthread_sigmask(SIG_SETMASK, &static_cast<ucontext_t*>(context)->uc_sigmask, nullptr);
    siglongjmp(*here, 1);
  }
  ::sigaction(number, &before, nullptr);  // and the access is tried again
}

}  // namespace

void guard_reads() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};

    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &before);
  });
}

bool guarded_read(void (*read)(void*), void* argument) {
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {
    guard = nullptr;
    return false;
  }
  guard = &here;
  read(argument);
  guard = nullptr;
  return true;
}

}  // namespace headgate
