// How it works: the tallies stand in memory that all processes share. A worker's timer of CPU time (ITIMER_PROF) starts
// anew with each phase; when it fires, the worker ends itself: neither regcomp nor regexec can be interrupted otherwise.
// Worker w of n plays tables w, w+n, w+2n …, each with dice of its own, so that the number of workers changes nothing.
#include "tests/collide/lookups/crew.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/collide/lookups/minimise.h"
#include "tests/collide/lookups/near_keys.h"
#include "tests/collide/lookups/table_maker.h"

namespace headgate::collide {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSlow = 67;
constexpr int kNoPlace = 68;
constexpr int kJudgeSeconds = 2;
constexpr int kOurSeconds = 30;
constexpr rlim_t kMemoryBytes = rlim_t{4} << 30U;

struct Slot {
  std::atomic<std::uint64_t> table, tables, lookups, hits, warnings, differences, cut_short;
  std::atomic<std::uint64_t> alone, bombs;
  std::atomic<Phase> phase;
};

// Shared by parent and workers.
Slot* make_slots(unsigned count) {
  void* memory = mmap(nullptr, sizeof(Slot) * count, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return new (memory) Slot[count]{};
}

void set_timer(int seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = seconds;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

void end_slow(int) { _exit(kSlow); }

// Whether the first table is played without the judge, who died or hung of it. What it hung on while it answered is
// regexec itself: nobody's answer comes then, so nobody is asked.
enum class Start : std::uint8_t { normal, alone, alone_without_keys };

class Worker {
 public:
  Worker(const Judge& judge, const Orders& orders, Slot& slot, std::uint64_t first, Start start,
         Clock::time_point deadline)
      : judge_(judge),
        orders_(orders),
        slot_(slot),
        next_(first),
        start_(start),
        deadline_(deadline) {}

  void run() {
    std::signal(SIGPROF, end_slow);
    const rlimit memory{kMemoryBytes, kMemoryBytes};
    setrlimit(RLIMIT_AS, &memory);
    const rlimit core{0, 0};
    setrlimit(RLIMIT_CORE, &core);
    for (; next_ < orders_.first_table + orders_.most_tables; next_ += orders_.jobs) {
      if (slot_.lookups >= orders_.lookups / orders_.jobs) return;
      if (orders_.time.count() > 0 && Clock::now() > deadline_) return;
      slot_.table = next_;
      play();
    }
  }

 private:
  void play() {
    const std::function<void(Phase)> phase = [this](Phase now) {
      slot_.phase = now;
      set_timer(now == Phase::judge_opens || now == Phase::judge_answers ? kJudgeSeconds
                                                                         : kOurSeconds);
    };
    phase(Phase::making);
    Random random(orders_.seed, next_);
    const auto dialect = next_ % 2 == 0 ? rules::Dialect::pcre : rules::Dialect::regexp;
    Table table = orders_.files.empty() ? make_table(random, dialect)
                                        : table_from_file(orders_.files[next_ / 2], dialect);
    const auto keys = orders_.near ? near_keys(random, table, orders_.keys)
                                   : make_keys(random, table, orders_.keys);
    if (const Start start = std::exchange(start_, Start::normal); start != Start::normal) {
      play_alone(table, keys, start == Start::alone, phase);
      set_timer(0);
      ++slot_.alone;
      return;
    }
    Outcome outcome = contest(judge_, table, keys, phase);
    ++slot_.tables;
    slot_.lookups += outcome.keys;
    slot_.hits += outcome.hits;
    slot_.warnings += outcome.warnings;
    slot_.bombs += outcome.bomb ? 1 : 0;
    slot_.cut_short += !outcome.bomb && outcome.keys < keys.size() ? 1 : 0;
    if (outcome.difference) {
      ++slot_.differences;
      tell({std::move(table), std::move(*outcome.difference)}, phase);
    }
    set_timer(0);
  }

  // At once and then once more when it is small: the search may die of the very difference it is after.
  void tell(Finding finding, const std::function<void(Phase)>& phase) {
    if (slot_.differences > orders_.show) return;
    say(
        fmt::format("DIFF table {} (--seed {} --table {}), wrong on path {}{}\n"
                    "  expected {}\n  actual   {}\n",
                    next_, orders_.seed, next_, finding.difference.path,
                    finding.difference.key ? "" : ", when it is opened",
                    describe(finding.difference.expected), describe(finding.difference.actual)));
    const Finding small = minimise(judge_, std::move(finding), phase);
    say(fmt::format("  smallest case of table {}: path {}, actual {}\n{}==========\n", next_,
                    small.difference.path, describe(small.difference.actual), case_text(small)));
  }

  static void say(const std::string& text) {
    (void)!write(STDOUT_FILENO, text.data(), text.size());
  }

  const Judge& judge_;
  const Orders& orders_;
  Slot& slot_;
  std::uint64_t next_;
  Start start_;
  Clock::time_point deadline_;
};

class Crew {
 public:
  Crew(const Judge& judge, const Orders& orders, const std::string& directory)
      : judge_(judge),
        orders_(orders),
        directory_(directory),
        deadline_(Clock::now() + orders.time),
        slots_(make_slots(orders.jobs)),
        pids_(orders.jobs, -1) {}

  Tally run() {
    for (unsigned w = 0; w < orders_.jobs; ++w) start(w, orders_.first_table + w, Start::normal);
    int status = 0;
    for (pid_t pid = wait(&status); pid > 0; pid = wait(&status)) {
      for (unsigned w = 0; w < orders_.jobs; ++w) {
        if (pids_[w] == pid) ended(w, status);
      }
    }
    for (unsigned w = 0; w < orders_.jobs; ++w) {
      tally_.tables += slots_[w].tables;
      tally_.lookups += slots_[w].lookups;
      tally_.hits += slots_[w].hits;
      tally_.warnings += slots_[w].warnings;
      tally_.differences += slots_[w].differences;
      tally_.cut_short += slots_[w].cut_short;
      tally_.played_alone += slots_[w].alone;
      tally_.bombs += slots_[w].bombs;
    }
    munmap(slots_, sizeof(Slot) * orders_.jobs);
    return tally_;
  }

 private:
  void start(unsigned w, std::uint64_t first, Start how) {
    slots_[w].table = first;
    pids_[w] = fork();
    if (pids_[w] != 0) return;
    const std::string place = fmt::format("{}/{}", directory_, w);
    mkdir(place.c_str(), 0700);
    if (chdir(place.c_str()) != 0) _exit(kNoPlace);
    Worker(judge_, orders_, slots_[w], first, how, deadline_).run();
    _exit(0);
  }

  void ended(unsigned w, int status) {
    pids_[w] = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoPlace) {
      ++tally_.no_place;  // another one would fare no better
      return;
    }
    const Slot& slot = slots_[w];
    const bool slow = WIFEXITED(status) && WEXITSTATUS(status) == kSlow;
    const Phase phase = slot.phase;
    const std::uint64_t table = slot.table;
    if (phase == Phase::judge_opens || phase == Phase::judge_answers) {
      ++(slow ? tally_.postfix_slow : tally_.postfix_died);
      return start(w, table,
                   phase == Phase::judge_opens ? Start::alone : Start::alone_without_keys);
    } else {
      ++(slow ? tally_.headgate_slow : tally_.headgate_died);
      fmt::print("{} table {} (--seed {} --table {}) while {}, status {:#x}\n",
                 slow ? "SLOW" : "DIED", table, orders_.seed, table,
                 phase == Phase::making    ? "making it"
                 : phase == Phase::we_open ? "headgate opens it"
                                           : "headgate answers",
                 status);
      std::fflush(stdout);
    }
    start(w, table + orders_.jobs, Start::normal);
  }

  const Judge& judge_;
  const Orders& orders_;
  std::string directory_;
  Clock::time_point deadline_;
  Slot* slots_;
  std::vector<pid_t> pids_;
  Tally tally_;
};

}  // namespace

Tally hold_contests(const Judge& judge, const Orders& orders, const std::string& directory) {
  return Crew(judge, orders, directory).run();
}

}  // namespace headgate::collide
