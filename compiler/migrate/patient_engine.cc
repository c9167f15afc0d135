// How it works: the child counts in shared memory, so that what it did is known however it ends.
// Tested by tests/compiler/migrate/table_test.cc.
#include "compiler/migrate/patient_engine.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>

#include "compiler/back/address_space.h"
#include "compiler/back/trial.h"
#include "engine/match/scratch.h"

namespace headgate::migrate {

namespace {

using Count = std::atomic<std::size_t>;

[[noreturn]] void ask_all(const match::Confirmer& engine, bool with_groups,
                          const std::vector<std::string>& texts, std::chrono::milliseconds cpu,
                          Count& answered) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  back::offer_to_oom_killer();
  close_range(0, ~0U, 0);
  back::limit_address_space(back::mapped_bytes() + back::kTrialBytes);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(SIGPROF, SIG_DFL);
  sigset_t profile;
  sigemptyset(&profile);
  sigaddset(&profile, SIGPROF);
  sigprocmask(SIG_UNBLOCK, &profile, nullptr);
  itimerval timer{};
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(cpu);
  timer.it_value.tv_sec = whole.count();
  timer.it_value.tv_usec = std::chrono::microseconds(cpu - whole).count();
  setitimer(ITIMER_PROF, &timer, nullptr);
  match::Scratch scratch;
  std::vector<match::Group> groups;
  for (const std::string& text : texts) {
    const auto outcome = engine.test(text, scratch, with_groups ? &groups : nullptr);
    if (outcome.answer == match::Answer::failed) break;  // no memory for it
    ++answered;
  }
  _exit(0);
}

bool nests(const PosixNode& node, bool repeated) {
  const bool repeats = node.kind == PosixKind::repeat && node.max > 1;
  if (repeats && repeated) return true;
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const PosixNode& child) { return nests(child, repeated || repeats); });
}

}  // namespace

std::size_t texts_answered(const match::Confirmer& engine, bool with_groups,
                           const std::vector<std::string>& texts, std::chrono::milliseconds cpu) {
  void* shared =
      mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 0;
  auto* answered = new (shared) Count(0);
  const pid_t child = fork();
  if (child == 0) ask_all(engine, with_groups, texts, cpu, *answered);
  if (child > 0) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  const std::size_t count = *answered;
  munmap(shared, sizeof(Count));
  return count;
}

bool may_be_dear(const PosixTree& tree) {
  return tree.has_back_reference || nests(tree.root, false);
}

}  // namespace headgate::migrate
