// How it works: the child tells on a page that it shares with its parent how many patterns it has finished; when it dies,
// the next one is to blame. That one is tried once more alone, unless it was alone or its time was up: what went before it
// may have left little memory. A timer of CPU time starts anew with each pattern; it is short once there were some dear
// ones, for a start or a reload waits for a whole table (25 lines of \b 250 times took 50 s). Patterns that people write
// take some milliseconds; one that needs more than the short time and stands behind five bombs is skipped with its warning.
// Why not an estimate: the cost is a product along the nesting of repeats, but also exponential in alternatives under a
// star, and cubic, or without end, in anchors between what can be empty: (a?|b?) twenty times under a star, \b 250 times.
// What needs no trial was measured: tests/compiler/back/trial_test.cc does it again with random patterns.
#include "compiler/back/trial.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "compiler/back/address_space.h"
#include "engine/base/file.h"
#include "engine/match/scratch.h"

namespace headgate::back {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPlainBytes = 400;
constexpr int kPlainAnchors = 3;
constexpr std::chrono::seconds kPatience{60};  // without progress, on a machine that is very busy
constexpr std::size_t kStackMargin = 256U << 10;  // who compiles it later may stand deeper
constexpr std::string_view kSample = "Subject: abc 019 @x";

enum class Last : std::uint8_t { nothing, at_limit, machine_short };

// On the page that parent and child share.
struct Board {
  std::atomic<std::size_t> done;
  std::atomic<Last> last;
};

class SharedBoard {
 public:
  SharedBoard() {
    void* page =
        mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) board_ = new (page) Board{};
  }

  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;

  ~SharedBoard() {
    if (board_ != nullptr) munmap(board_, sizeof(Board));
  }

  [[nodiscard]] Board* get() const { return board_; }

 private:
  Board* board_ = nullptr;
};

// False: for want of memory.
bool compiles(const TrialPattern& pattern) {
  // A pattern that is plainly wrong (an error of regcomp) has passed: the caller will get the same error.
  const auto confirmer = match::compile_posix(pattern.text, pattern.options, pattern.groups_wanted);
  if (!confirmer) return confirmer.error().text != kOutOfMemory;
  match::Scratch scratch;
  // The automaton is made at the first match.
  for (const std::string_view text : {std::string_view(), kSample}) {
    if ((*confirmer)->test(text, scratch, nullptr).answer == match::Answer::failed) return false;
  }
  return true;
}

void limit_child() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  offer_to_oom_killer();
  // Clients' connections would not end while the child holds them; and what the C++ runtime says when memory runs out is
  // not for the server's log.
  close_range(0, ~0U, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  std::signal(SIGPROF, SIG_DFL);
  sigset_t signals;
  sigemptyset(&signals);
  sigprocmask(SIG_SETMASK, &signals, nullptr);
}

void start_timer(std::chrono::milliseconds cpu) {
  const std::chrono::seconds whole = std::chrono::floor<std::chrono::seconds>(cpu);
  itimerval timer{};
  timer.it_value.tv_sec = whole.count();
  timer.it_value.tv_usec = std::chrono::microseconds(cpu - whole).count();
  setitimer(ITIMER_PROF, &timer, nullptr);
}

[[noreturn]] void run_child(const std::vector<TrialPattern>& patterns, std::size_t end,
                            std::uint64_t address_space, std::chrono::milliseconds cpu,
                            Board& board) noexcept {
  volatile char margin[kStackMargin];
  margin[0] = 0;
  limit_child();
  limit_address_space(address_space);
  for (std::size_t i = board.done; i < end; ++i) {
    start_timer(cpu);
    bool good = false;
    try {
      good = compiles(patterns[i]);
    } catch (...) {
      good = false;
    }
    if (!good) {
      board.last = own_limit_was_hit() ? Last::at_limit : Last::machine_short;
      _exit(1);  // whatever else it left behind goes with it
    }
    board.done = i + 1;
  }
  _exit(margin[0]);
}

bool ended_in_time(pid_t child, const Board& board) {
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (!handle.valid()) return true;  // no pidfd: the timer of CPU time alone ends it
  std::size_t seen = board.done;
  auto since = Clock::now();
  while (true) {
    pollfd wanted{handle.get(), POLLIN, 0};
    if (poll(&wanted, 1, 1000) > 0) return true;
    if (const std::size_t done = board.done; done != seen) {
      seen = done;
      since = Clock::now();
    }
    if (Clock::now() - since > kPatience) return false;
  }
}

class Trials {
 public:
  Trials(const std::vector<TrialPattern>& patterns, Board& board)
      : patterns_(patterns), board_(board), results_(patterns.size()) {}

  std::vector<TrialResult> run() {
    while (next_ < patterns_.size()) {
      const std::size_t begin = next_;
      const std::size_t end = alone_ ? next_ + 1 : patterns_.size();
      int status = 0;
      if (!run_to(end, status)) break;
      for (; next_ < board_.done; ++next_) results_[next_].came = Trial::passed;
      alone_ = false;
      if (next_ < end) judge(status, next_ == begin);
    }
    return std::move(results_);
  }

 private:
  // False: there is no process to try the rest in.
  bool run_to(std::size_t end, int& status) {
    board_.done = next_;
    board_.last = Last::nothing;
    const std::uint64_t address_space = mapped_bytes() + kTrialBytes;
    const pid_t child = fork();
    if (child < 0) {
      const std::string why = fmt::format("no process to try it in: {}", std::strerror(errno));
      for (std::size_t i = next_; i < patterns_.size(); ++i) results_[i].why = why;
      return false;
    }
    if (child == 0) {
      // No pattern is dear before this child ends: the limit is the same for all of them.
      run_child(patterns_, end, address_space, dear_ < kFirstDear ? kTrialCpu : kLaterCpu, board_);
    }
    if (!ended_in_time(child, board_)) kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0) {
      if (errno == EINTR) continue;
      status = SIGKILL;  // somebody else has waited for it: only the board knows
      break;
    }
    return true;
  }

  // Of the pattern at which the child ended.
  void judge(int status, bool was_first) {
    const bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
    const bool killed =
        WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU);
    const bool again = std::exchange(blamed_, next_) == next_;
    if (!late && !again && (killed || !was_first)) {
      alone_ = true;
      return;
    }
    if (late) {
      results_[next_] = {Trial::dear, "this pattern takes too long to compile: skipping this rule"};
    } else if (killed || board_.last == Last::machine_short) {
      results_[next_] = {Trial::killed,
                         "this pattern could not be compiled for want of memory or time: skipping "
                         "this rule until the table is loaded again"};
    } else {
      results_[next_] = {Trial::dear,
                         "this pattern takes too much memory to compile: skipping this rule"};
    }
    if (results_[next_].came == Trial::dear) ++dear_;
    ++next_;
  }

  const std::vector<TrialPattern>& patterns_;
  Board& board_;
  std::vector<TrialResult> results_;
  std::size_t next_ = 0;
  std::size_t blamed_ = ~std::size_t{0};
  bool alone_ = false;
  int dear_ = 0;
};

}  // namespace

bool needs_trial(std::string_view pattern) {
  if (pattern.size() > kPlainBytes) return true;
  int anchors = 0;
  bool repeated = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    const bool escape = c == '\\';
    // Both syntaxes at once: \( \{ \| are operators in one, ( { | in the other, \+ \? and + ? likewise.
    if (c == '(' || c == '{' || c == '|') return true;
    if (c == '^' || c == '$' || (escape && std::strchr("bB<>`'", next) != nullptr)) ++anchors;
    const bool repeats = c == '*' || c == '+' || c == '?';
    if (repeats && repeated) return true;
    // A backslash may belong to the quantifier after it.
    if (!escape) repeated = repeats;
  }
  return anchors > kPlainAnchors;
}

std::vector<TrialResult> try_posix(const std::vector<TrialPattern>& patterns) {
  if (patterns.empty()) return {};
  const SharedBoard board;
  if (board.get() == nullptr) {
    return std::vector<TrialResult>(
        patterns.size(),
        TrialResult{Trial::untried, fmt::format("no memory to try it: {}", std::strerror(errno))});
  }
  return Trials(patterns, *board.get()).run();
}

}  // namespace headgate::back
