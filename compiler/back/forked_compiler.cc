// How it works: a worker compiles its set, writes the serialized database (or Hyperscan's complaint) into a memory file that
// it shares with the builder, and ends. How it ended tells the rest: SIGXCPU is the limit of CPU time, any other end
// without an answer is lack of memory or a fault of the library. The builder watches the workers by their pidfds.
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
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/file.h"

namespace headgate::back {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kOutOfTime = "the table's time for compiling was used up";

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

// In the worker.
void write_answer(int fd, const Attempt& attempt) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(attempt.came));
  out.u32(static_cast<std::uint32_t>(attempt.offender));
  out.string(attempt.problem);
  std::string database;
  if (attempt.came == Came::ok) {
    auto serialized = attempt.scanner->serialized();
    if (!serialized) _exit(1);
    database = std::move(*serialized);
  }
  out.u64(database.size());
  out.raw(database);
  _exit(write_all(fd, out.bytes(), "worker") ? 0 : 1);
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
  Pool(const ForkLimits& limits, const std::vector<ScanSet>& sets, Budget budget)
      : limits_(limits),
        sets_(sets),
        cpu_(budget == Budget::group ? limits.group : limits.pattern),
        attempts_(sets.size()) {}

  std::vector<Attempt> run() {
    while (next_ < sets_.size() || !workers_.empty()) {
      if (Clock::now() >= limits_.deadline) {
        stop();
        break;
      }
      while (next_ < sets_.size() && workers_.size() < limits_.jobs) start(next_++);
      wait_for_one();
    }
    return std::move(attempts_);
  }

 private:
  void fail(std::size_t set, Came came, std::string problem) {
    attempts_[set] = Attempt{came, nullptr, -1, std::move(problem)};
  }

  void start(std::size_t set) {
    Worker worker;
    worker.set = set;
    worker.answer = Fd(memfd_create("worker", MFD_CLOEXEC));
    const pid_t builder = getpid();
    const rlim_t memory = mapped_bytes() + limits_.memory_bytes;
    worker.pid = worker.answer.valid() ? fork() : -1;
    if (worker.pid < 0)
      return fail(set, Came::over_budget, fmt::format("no worker: {}", std::strerror(errno)));
    if (worker.pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != builder) _exit(1);
      const auto seconds = static_cast<rlim_t>(std::max<std::int64_t>(1, cpu_.count()));
      limit(RLIMIT_CPU, seconds, seconds + 1);
      limit(RLIMIT_AS, memory, memory);
      limit(RLIMIT_CORE, 0, 0);
      close(
          STDERR_FILENO);  // an allocation that failed is told by the exit, not to the builder's log
      write_answer(worker.answer.get(), compile_set(sets_[set]));
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
      const pid_t ended = waitpid(workers_[i - 1].pid, &status, WNOHANG);
      if (ended == 0) continue;
      const Worker worker = std::move(workers_[i - 1]);
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i - 1));
      settle(worker, status);
    }
  }

  [[nodiscard]] int patience() const {
    if (limits_.deadline == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limits_.deadline - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000));
  }

  void settle(const Worker& worker, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      if (auto answer = read_answer(worker.answer.get())) {
        attempts_[worker.set] = std::move(*answer);
        return;
      }
    }
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
      return fail(worker.set, Came::over_budget,
                  fmt::format("Hyperscan needs more than {} s", cpu_.count()));
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGABRT) {
      return fail(worker.set, Came::over_budget,
                  fmt::format("Hyperscan died of signal {}", WTERMSIG(status)));
    }
    fail(worker.set, Came::over_budget,
         fmt::format("Hyperscan needs more than {} MB", limits_.memory_bytes >> 20));
  }

  void stop() {
    for (const Worker& worker : workers_) {
      kill(worker.pid, SIGKILL);
      waitpid(worker.pid, nullptr, 0);
      fail(worker.set, Came::out_of_time, std::string(kOutOfTime));
    }
    workers_.clear();
    for (; next_ < sets_.size(); ++next_) fail(next_, Came::out_of_time, std::string(kOutOfTime));
  }

  const ForkLimits& limits_;
  const std::vector<ScanSet>& sets_;
  std::chrono::seconds cpu_;
  std::vector<Attempt> attempts_;
  std::vector<Worker> workers_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<Attempt> ForkedCompiler::compile(const std::vector<ScanSet>& sets, Budget budget) {
  return Pool(limits_, sets, budget).run();
}

std::uint64_t mapped_bytes() {
  std::uint64_t pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace headgate::back
