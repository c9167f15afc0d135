// How it works: a worker compiles its set, writes the serialized database (or Hyperscan's complaint) into a memory file that
// it shares with the builder, and ends. How it ended tells the rest: SIGXCPU is the limit of CPU time, and so is SIGKILL
// when the time was used; another SIGKILL is the kernel's want of memory or an admin. An allocation that failed was either
// at the worker's own limit, or the machine has none. The builder watches the workers by their pidfds.
// Tested by tests/compiler/back/forked_compiler_test.cc.
#include "compiler/back/forked_compiler.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>

#include <fmt/format.h>

#include "compiler/back/address_space.h"
#include "engine/base/bytes.h"
#include "engine/base/file.h"

namespace headgate::back {

namespace {

using Clock = std::chrono::steady_clock;

// Fewer workers rather than small ones: a set of patterns that gets less than this may be taken apart for want of memory.
constexpr std::uint64_t kGoodShare = std::uint64_t{512} << 20;
constexpr std::string_view kOutOfTime = "the table's time for compiling was used up";
constexpr std::string_view kBusy = "the machine was too busy to compile the table in its time";

// How a worker ends that has no answer.
constexpr int kNoAnswer = 1, kAtLimit = 2, kMachineShort = 3;

struct Worker {
  pid_t pid = -1;
  std::size_t set = 0;
  Fd answer;  // the memory file
  Fd handle;  // the pidfd
};

void limit(int what, rlim_t soft, rlim_t hard) {
  const rlimit value{soft, hard};
  setrlimit(static_cast<__rlimit_resource>(what), &value);
}

std::chrono::microseconds cpu_time(const rusage& usage) {
  return std::chrono::seconds{usage.ru_utime.tv_sec + usage.ru_stime.tv_sec} +
         std::chrono::microseconds{usage.ru_utime.tv_usec + usage.ru_stime.tv_usec};
}

// Of this process and the children that have ended.
std::chrono::microseconds cpu_used() {
  rusage self{};
  rusage children{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  return cpu_time(self) + cpu_time(children);
}

[[noreturn]] void out_of_memory() { _exit(own_limit_was_hit() ? kAtLimit : kMachineShort); }

// In the worker.
void write_answer(int fd, const Attempt& attempt) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(attempt.came));
  out.u32(static_cast<std::uint32_t>(attempt.offender));
  out.string(attempt.problem);
  std::string database;
  if (attempt.came == Came::ok) {
    auto serialized = attempt.scanner->serialized();
    if (!serialized) out_of_memory();
    database = std::move(*serialized);
  }
  out.u64(database.size());
  out.raw(database);
  // The memory file lives in memory, too.
  _exit(write_all(fd, out.bytes(), "worker") ? 0 : kMachineShort);
}

// noexcept: an exception must not get out into the builder's code, of which this is a copy.
[[noreturn]] void run_worker(int answer, const ScanSet& set) noexcept {
  try {
    const Attempt attempt = compile_set(set);
    if (attempt.out_of_memory) out_of_memory();
    write_answer(answer, attempt);
  } catch (const std::bad_alloc&) {
    out_of_memory();
  }
  _exit(kNoAnswer);
}

std::optional<Attempt> read_answer(int fd) {
  const off_t size = lseek(fd, 0, SEEK_END);
  if (size <= 0) return std::nullopt;
  void* data = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return std::nullopt;
  ByteReader in({static_cast<const char*>(data), static_cast<std::size_t>(size)});
  Attempt attempt;
  attempt.came = static_cast<Came>(in.choice(static_cast<std::uint8_t>(Came::out_of_time)));
  attempt.offender = static_cast<int>(in.u32());
  attempt.problem = in.string();
  const std::string_view database = in.raw(static_cast<std::size_t>(in.u64()));
  bool good = in.ok() && in.at_end();
  if (good && attempt.came == Came::ok) {
    attempt.scanner = match::Scanner::from_serialized(database);
    good = attempt.scanner != nullptr;
  }
  munmap(data, static_cast<std::size_t>(size));
  if (!good) return std::nullopt;
  return attempt;
}

class Pool {
 public:
  Pool(const ForkLimits& limits, std::chrono::microseconds cpu_before,
       const std::vector<ScanSet>& sets, Budget budget)
      : limits_(limits),
        cpu_before_(cpu_before),
        sets_(sets),
        cpu_(budget == Budget::group ? limits.group : limits.pattern),
        attempts_(sets.size()) {}

  std::vector<Attempt> run() {
    while (next_ < sets_.size() || !workers_.empty()) {
      if (Clock::now() >= limits_.deadline) {
        stop();
        break;
      }
      while (!short_ && next_ < sets_.size() && workers_.size() < limits_.jobs) start(next_++);
      if (short_) {
        stop();
        break;
      }
      wait_for_one();
    }
    return std::move(attempts_);
  }

 private:
  void fail(std::size_t set, Came came, std::string problem) {
    attempts_[set] = Attempt{came, nullptr, -1, std::move(problem), false};
  }

  void run_short(std::size_t set, std::string problem) {
    if (!short_) short_ = problem;
    fail(set, Came::shortage, std::move(problem));
  }

  void start(std::size_t set) {
    Worker worker;
    worker.set = set;
    worker.answer = Fd(memfd_create("worker", MFD_CLOEXEC));
    const pid_t builder = getpid();
    const rlim_t memory = mapped_bytes() + limits_.memory_bytes;
    worker.pid = worker.answer.valid() ? fork() : -1;
    if (worker.pid < 0)
      return run_short(set, fmt::format("no worker to compile it: {}", std::strerror(errno)));
    if (worker.pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != builder) _exit(kNoAnswer);
      const auto seconds = static_cast<rlim_t>(std::max<std::int64_t>(1, cpu_.count()));
      limit(RLIMIT_CPU, seconds, seconds + 1);
      limit_address_space(memory);
      limit(RLIMIT_CORE, 0, 0);
      close(
          STDERR_FILENO);  // an allocation that failed is told by the exit, not to the builder's log
      run_worker(worker.answer.get(), sets_[set]);
    }
    worker.handle = Fd(static_cast<int>(syscall(SYS_pidfd_open, worker.pid, 0)));
    workers_.push_back(std::move(worker));
  }

  // Until a worker ends or the deadline comes.
  void wait_for_one() {
    std::vector<pollfd> ends;
    bool blind = false;
    for (const Worker& worker : workers_) {
      ends.push_back(pollfd{worker.handle.get(), POLLIN, 0});
      blind = blind || !worker.handle.valid();
    }
    poll(ends.data(), ends.size(), blind ? 10 : patience());
    for (std::size_t i = workers_.size(); i > 0; --i) {
      int status = 0;
      rusage usage{};
      const pid_t ended = wait4(workers_[i - 1].pid, &status, WNOHANG, &usage);
      if (ended == 0) continue;
      const Worker worker = std::move(workers_[i - 1]);
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i - 1));
      settle(worker, status, cpu_time(usage));
    }
  }

  [[nodiscard]] int patience() const {
    if (limits_.deadline == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limits_.deadline - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000));
  }

  void settle(const Worker& worker, int status, std::chrono::microseconds used) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      if (auto answer = read_answer(worker.answer.get())) {
        attempts_[worker.set] = std::move(*answer);
        return;
      }
    }
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGKILL && used < cpu_) {
      return run_short(worker.set,
                       "a worker was killed while it compiled; is there memory enough?");
    }
    if (signal == SIGXCPU || signal == SIGKILL) {
      return fail(worker.set, Came::over_budget,
                  fmt::format("Hyperscan needs more than {} s", cpu_.count()));
    }
    if (signal != 0) {
      return fail(worker.set, Came::over_budget,
                  fmt::format("Hyperscan died of signal {}", signal));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == kMachineShort)
      return run_short(worker.set, "the machine has not the memory to compile it");
    fail(worker.set, Came::over_budget,
         fmt::format("Hyperscan needs more than {} MB", limits_.memory_bytes >> 20));
  }

  void stop() {
    for (const Worker& worker : workers_) {
      kill(worker.pid, SIGKILL);
      waitpid(worker.pid, nullptr, 0);
    }
    const bool fair = cpu_used() - cpu_before_ >= limits_.fair_cpu;
    const Came came = short_ || !fair ? Came::shortage : Came::out_of_time;
    const std::string why = short_.value_or(std::string(fair ? kOutOfTime : kBusy));
    for (const Worker& worker : workers_) fail(worker.set, came, why);
    workers_.clear();
    for (; next_ < sets_.size(); ++next_) fail(next_, came, why);
  }

  const ForkLimits& limits_;
  std::chrono::microseconds cpu_before_;
  const std::vector<ScanSet>& sets_;
  std::chrono::seconds cpu_;
  std::vector<Attempt> attempts_;
  std::vector<Worker> workers_;
  std::size_t next_ = 0;
  std::optional<std::string> short_;  // why the work is given up
};

}  // namespace

Share share_memory(std::uint64_t total_bytes, unsigned most_jobs) {
  const std::uint64_t shares =
      std::clamp<std::uint64_t>(total_bytes / kGoodShare, 2, std::uint64_t{most_jobs} + 1);
  return Share{static_cast<unsigned>(shares - 1), total_bytes / shares};
}

ForkedCompiler::ForkedCompiler(const ForkLimits& limits)
    : limits_(limits), cpu_before_(cpu_used()) {}

std::vector<Attempt> ForkedCompiler::compile(const std::vector<ScanSet>& sets, Budget budget) {
  return Pool(limits_, cpu_before_, sets, budget).run();
}

}  // namespace headgate::back
