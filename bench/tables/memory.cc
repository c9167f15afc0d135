// bench_table_memory THREADS KEYS ENTRIES TABLE...: what tables cost a thread. Opens the tables once in each of THREADS threads (one
// after the other, and all stay), asks each for KEYS random ones of `run.py`'s ENTRIES, and prints this process's memory
// as a JSON line after each thread: {"threads": 1, "rss": KiB, "pss": KiB, "private_dirty": KiB, "hits": N}.
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/rules/program_source.h"
#include "tables/open.h"

namespace headgate {
namespace {

class NoPrograms final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string&) override {
    return fail(Code::invalid, "no pcre: and regexp: here");
  }
};

struct Wanted {
  long keys = 0, entries = 0;
  std::vector<std::string> tables;
};

// A thread says what it found, and waits until all have, so that it and what it opened stay.
class Meeting {
 public:
  void found(long hits) {
    std::unique_lock lock(mutex_);
    hits_ = hits;
    changed_.notify_all();
    changed_.wait(lock, [this] { return over_; });
  }

  long next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return hits_.has_value(); });
    return *std::exchange(hits_, std::nullopt);
  }

  void end() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<long> hits_;
  bool over_ = false;
};

// One thread's tables; -1: one could not be opened or asked.
long open_and_ask(const Wanted& wanted, unsigned seed,
                  std::vector<std::unique_ptr<Lookup>>& tables) {
  NoPrograms programs;
  std::mt19937 random(seed);
  std::uniform_int_distribution<long> number(0, wanted.entries - 1);
  const WarningSink warn = [](const Diagnostic& d) { fmt::print(stderr, "{}\n", d.text); };
  long hits = 0;
  for (std::size_t i = 0; i < wanted.tables.size(); ++i) {
    auto opened = tables::open_table(wanted.tables[i], programs, warn);
    if (!opened) {
      fmt::print(stderr, "{}\n", opened.error().text());
      return -1;
    }
    tables.push_back(std::move(opened->full));
    for (long k = 0; k < wanted.keys; ++k) {
      const long n = number(random);
      const auto found = tables.back()->find(
          fmt::format("user{}@dom{}.example{}.com", n, n, i == 0 ? "" : std::to_string(i)));
      if (!found) return -1;
      hits += found->has_value() ? 1 : 0;
    }
  }
  return hits;
}

void print_memory(unsigned threads, long hits) {
  std::ifstream file("/proc/self/smaps_rollup");
  std::string line = fmt::format("{{\"threads\": {}, \"hits\": {}", threads, hits);
  for (std::string word; file >> word;) {
    long kilobytes = 0;
    if (word == "Rss:" && file >> kilobytes) line += fmt::format(", \"rss\": {}", kilobytes);
    if (word == "Pss:" && file >> kilobytes) line += fmt::format(", \"pss\": {}", kilobytes);
    if (word == "Private_Dirty:" && file >> kilobytes)
      line += fmt::format(", \"private_dirty\": {}", kilobytes);
  }
  fmt::print("{}}}\n", line);
  std::fflush(stdout);
}

int measure(unsigned thread_count, const Wanted& wanted) {
  Meeting meeting;
  std::vector<std::thread> threads;
  bool failed = false;
  for (unsigned t = 1; t <= thread_count && !failed; ++t) {
    threads.emplace_back([&meeting, &wanted, t] {
      std::vector<std::unique_ptr<Lookup>> tables;
      meeting.found(open_and_ask(wanted, t, tables));
    });
    const long hits = meeting.next();
    failed = hits < 0;
    if (!failed) print_memory(t, hits);
  }
  meeting.end();
  for (std::thread& thread : threads) thread.join();
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace headgate

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "usage: bench_table_memory THREADS KEYS ENTRIES TABLE...\n");
    return 64;
  }
  headgate::Wanted wanted{std::stol(argv[2]), std::stol(argv[3]), {argv + 4, argv + argc}};
  return headgate::measure(static_cast<unsigned>(std::stoul(argv[1])), wanted);
}
