// bench_tables: what one lookup costs, a row a type, hit and miss: bench_tables --benchmark_filter=cdb/
// The table has BENCH_ENTRIES entries (default 100,000) "userN@domN.example.com REJECT listed entry N"; keys are asked in a
// random order. Files are built in a temporary folder. A type that cannot be opened here is skipped with its reason.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "tables/map_maker.h"
#include "tables/open.h"

namespace headgate {
namespace {

struct Row {
  const char* name;
  const char* table;  // PATH: the source; ADDRESSES: one of networks, INLINE: a few entries
};

// A new type: a row.
constexpr Row kRows[] = {
    {"static", "static:REJECT"},
    {"inline", "inline:{INLINE}"},
    {"texthash", "texthash:PATH"},
    {"cdb", "cdb:PATH"},
    {"lmdb", "lmdb:PATH"},
    {"hash", "hash:PATH"},
    {"cidr", "cidr:ADDRESSES"},
    {"fail", "fail:bench"},
    {"unionmap", "unionmap:{inline:{INLINE},cdb:PATH}"},
    {"pipemap", "pipemap:{cdb:PATH,static:REJECT}"},
    {"randmap", "randmap:{a,b,c}"},
    {"proxy", "proxy:cdb:PATH"},
};

std::string key_of(long n) { return fmt::format("user{}@dom{}.example.com", n, n); }

// The tables in a folder of their own.
class Tables {
 public:
  explicit Tables(long entries) : entries_(entries) {
    std::string name = std::filesystem::temp_directory_path() / "bench_tables.XXXXXX";
    folder_ = ::mkdtemp(name.data());
    std::ofstream source(path()), addresses(folder_ + "/addresses");
    for (long n = 0; n < entries_; ++n)
      source << fmt::format("{} REJECT listed entry {}\n", key_of(n), n);
    for (int n = 0; n < 1000; ++n)
      addresses << fmt::format("10.{}.{}.0/24 REJECT\n", n / 256, n % 256);
    for (const char* type : {"cdb", "lmdb"}) build(type);
  }

  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  ~Tables() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/table"; }

  [[nodiscard]] long entries() const { return entries_; }

  [[nodiscard]] std::string spec(std::string text) const {
    std::string items;
    for (long n = 0; n < 20; ++n) items += fmt::format("{{{} = REJECT}}, ", key_of(n));
    for (const auto& [word, value] : {std::pair<std::string, std::string>{"PATH", path()},
                                      {"ADDRESSES", folder_ + "/addresses"},
                                      {"INLINE", items}}) {
      if (const auto at = text.find(word); at != std::string::npos)
        text.replace(at, word.size(), value);
    }
    return text;
  }

 private:
  void build(const char* type) const {
    auto maker = tables::make_map(type, path());
    for (long n = 0; maker && n < entries_; ++n) {
      const auto put = (*maker)->put(key_of(n), fmt::format("REJECT listed entry {}", n),
                                     tables::OnDuplicate::keep_first);
      if (!put) std::cerr << put.error().text() << '\n';
    }
    if (maker) {
      if (const auto done = (*maker)->commit(); !done) std::cerr << done.error().text() << '\n';
    }
  }

  long entries_;
  std::string folder_;
};

void ask(benchmark::State& state, const Tables& tables, const Row& row, bool hit) {
  compiler::CompilingSource programs;
  const WarningSink warn = [](const Diagnostic&) {};
  auto opened = tables::open_table(tables.spec(row.table), programs, warn);
  if (!opened) {
    state.SkipWithError(opened.error().text().c_str());
    return;
  }
  const std::string_view type = row.name;
  std::mt19937 random(1);
  std::uniform_int_distribution<long> number(0, type == "inline" ? 19 : tables.entries() - 1);
  std::vector<std::string> keys(16384);
  for (std::string& key : keys) {
    const long n = number(random);
    key = type == "cidr" ? fmt::format("{}.{}.{}.7", hit ? 10 : 11, n % 1000 / 256, n % 1000 % 256)
                         : key_of(hit ? n : n + tables.entries());
  }
  std::size_t next = 0, found = 0;
  for (auto _ : state) {
    const auto answer = opened->full->find(keys[next++ % keys.size()]);
    if (answer && *answer) ++found;
    benchmark::DoNotOptimize(found);
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["found"] =
      benchmark::Counter(static_cast<double>(found), benchmark::Counter::kAvgIterations);
}

}  // namespace
}  // namespace headgate

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const char* entries = std::getenv("BENCH_ENTRIES");
  const headgate::Tables tables(entries != nullptr ? std::atol(entries) : 100000);
  for (const headgate::Row& row : headgate::kRows) {
    for (const bool hit : {true, false}) {
      benchmark::RegisterBenchmark(fmt::format("{}/{}", row.name, hit ? "hit" : "miss").c_str(),
                                   [&tables, &row, hit](benchmark::State& state) {
                                     headgate::ask(state, tables, row, hit);
                                   });
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
