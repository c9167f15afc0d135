// How it works: the child limits itself (CPU, address space beyond what it inherited, no core) and tells by its exit
// status; a fault of the stack tells by its signal. The parent's deadline is only for a machine so busy that two
// seconds of CPU take a minute. Tested by tests/compiler/back/trial_test.cc.
#include "compiler/back/trial.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "compiler/back/forked_compiler.h"
#include "engine/base/file.h"
#include "engine/match/scratch.h"

namespace headgate::back {

namespace {

constexpr std::size_t kManyParentheses = 100;
constexpr std::size_t kLong = 4000;
constexpr int kQuantifiersInARow = 6;
constexpr int kBigCount = 100;
constexpr int kPatienceMilliseconds = 60'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The largest number of the interval that begins after its brace; 0 when no digit follows: then it is a literal brace.
int largest_count(std::string_view text) {
  int largest = 0;
  int number = 0;
  for (const char c : text.substr(0, 16)) {
    if (!is_digit(c) && c != ',') break;
    number = is_digit(c) ? number * 10 + (c - '0') : 0;
    if (number > kBigCount) return number;
    largest = std::max(largest, number);
  }
  return largest;
}

[[noreturn]] void run_child(const std::string& pattern, const match::PosixOptions& options,
                            std::size_t groups_wanted, rlim_t address_space) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close(
      STDERR_FILENO);  // what the C++ runtime says when memory runs out is not for the server's log
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const rlimit cpu{static_cast<rlim_t>(kTrialCpu.count()), static_cast<rlim_t>(kTrialCpu.count())};
  setrlimit(RLIMIT_CPU, &cpu);
  const rlimit memory{address_space, address_space};
  setrlimit(RLIMIT_AS, &memory);
  {
    // A pattern that is plainly wrong (an error of regcomp) has passed: the caller will get the same error.
    auto confirmer = match::compile_posix(pattern, options, groups_wanted);
    match::Scratch scratch;
    if (confirmer) {
      const match::Outcome outcome = (*confirmer)->test("", scratch, nullptr);
      if (outcome.answer == match::Answer::failed) _exit(1);
    } else if (confirmer.error().text == "Memory exhausted") {
      _exit(1);
    }
  }
  _exit(0);
}

bool ended_in_time(pid_t child) {
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (!handle.valid()) return true;  // no pidfd: the limit of CPU time alone ends it
  pollfd wanted{handle.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&wanted, 1, kPatienceMilliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
}

}  // namespace

bool needs_trial(std::string_view pattern) {
  if (pattern.size() > kLong) return true;
  std::size_t parentheses = 0;
  int intervals = 0;
  int in_a_row = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '(') ++parentheses;
    const bool quantifies = c == '*' || c == '+' || c == '?' || c == '{';
    if (c == '{') {
      ++intervals;
      if (largest_count(pattern.substr(i + 1)) >= kBigCount) return true;
    }
    // Digits, commas and closing braces or parentheses do not end a heap of quantifiers: (a*)*{2}{2}.
    if (quantifies) {
      ++in_a_row;
    } else if (!is_digit(c) && c != ',' && c != '}' && c != ')' && c != '\\') {
      in_a_row = 0;
    }
    if (in_a_row >= kQuantifiersInARow) return true;
  }
  return parentheses >= kManyParentheses || intervals >= 2;
}

std::optional<std::string> try_posix(const std::string& pattern, const match::PosixOptions& options,
                                     std::size_t groups_wanted) {
  const rlim_t address_space = mapped_bytes() + kTrialBytes;
  const pid_t child = fork();
  if (child < 0)
    return std::nullopt;  // untried; a machine without processes left has other worries
  if (child == 0) run_child(pattern, options, groups_wanted, address_space);
  if (!ended_in_time(child)) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR)
      return std::nullopt;  // somebody else has waited for it: nothing is known against the pattern
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
    return "this pattern takes too long to compile: skipping this rule";
  return "this pattern takes too much memory to compile: skipping this rule";
}

}  // namespace headgate::back
