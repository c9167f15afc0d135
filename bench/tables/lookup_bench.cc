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
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/tables/table_server.h"
#include "compiler/compile.h"
#include "tables/map_maker.h"
#include "tables/open.h"

namespace headgate {
namespace {

std::string key_of(long n) { return fmt::format("user{}@dom{}.example.com", n, n); }

constexpr const char* kVariable = "bench_tables_variable";  // names are folded
constexpr long kFew = 20, kPatterns = 100, kNetworks = 1000;

// The key of entry n of a table of `entries`, or one that is not there.
using Key = std::string (*)(long n, long entries, bool hit);

std::string any(long n, long entries, bool hit) { return key_of(hit ? n : n + entries); }

std::string few(long n, long entries, bool hit) { return any(n % kFew, entries, hit); }

std::string patterned(long n, long entries, bool hit) { return any(n % kPatterns, entries, hit); }

std::string served(long n, long, bool hit) { return (hit ? "" : "other") + key_of(n); }

std::string address(long n, long, bool hit) {
  n %= kNetworks;
  return fmt::format("{}.{}.{}.7", hit ? 10 : 11, n / 256, n % 256);
}

std::string variable(long, long, bool hit) { return hit ? kVariable : "no_such_variable"; }

std::string account(long n, long, bool hit) { return hit ? "root" : fmt::format("nobody{}", n); }

struct Row {
  const char* name;
  const char* table;  // with the words that Tables::spec() knows
  Key key = any;
};

// A new type: a row.
constexpr Row kRows[] = {
    {"static", "static:REJECT"},
    {"inline", "inline:{INLINE}", few},
    {"texthash", "texthash:PATH"},
    {"cdb", "cdb:PATH"},
    {"lmdb", "lmdb:PATH"},
    {"hash", "hash:PATH"},
    {"btree", "btree:PATH"},
    {"cidr", "cidr:ADDRESSES", address},
    {"pcre", "pcre:PATTERNS", patterned},
    {"regexp", "regexp:PATTERNS", patterned},
    {"fail", "fail:bench"},
    {"unionmap", "unionmap:{inline:{INLINE},cdb:PATH}"},
    {"pipemap", "pipemap:{cdb:PATH,static:REJECT}"},
    {"randmap", "randmap:{a,b,c}"},
    {"proxy", "proxy:cdb:PATH"},
    {"environ", "environ:bench", variable},
    {"unix", "unix:passwd.byname", account},
    {"tcp", "tcp:127.0.0.1:TCP", served},
    {"socketmap", "socketmap:inet:127.0.0.1:SOCKETMAP:bench", served},
    {"memcache", "memcache:MEMCACHE", served},
};

// The tables in a folder of their own.
class Tables {
 public:
  explicit Tables(long entries) : entries_(entries) {
    std::string name = std::filesystem::temp_directory_path() / "bench_tables.XXXXXX";
    folder_ = ::mkdtemp(name.data());
    std::ofstream source(path()), addresses(folder_ + "/addresses");
    for (long n = 0; n < entries_; ++n)
      source << fmt::format("{} REJECT listed entry {}\n", key_of(n), n);
    for (long n = 0; n < kNetworks; ++n)
      addresses << fmt::format("10.{}.{}.0/24 REJECT\n", n / 256, n % 256);
    std::ofstream patterns(folder_ + "/patterns");
    for (long n = 0; n < kPatterns; ++n)
      patterns << fmt::format("/^user{}@dom{}\\.example\\.com$/ REJECT\n", n, n);
    std::ofstream(folder_ + "/memcache")
        << fmt::format("memcache = inet:127.0.0.1:{}\n", memcache_.port());
    for (const char* type : {"cdb", "lmdb"}) build(type);
  }

  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  ~Tables() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/table"; }

  [[nodiscard]] long entries() const { return entries_; }

  [[nodiscard]] std::string spec(std::string text) const {
    std::string items;
    for (long n = 0; n < kFew; ++n) items += fmt::format("{{{} = REJECT}}, ", key_of(n));
    const std::pair<std::string_view, std::string> words[] = {
        {"PATH", path()},
        {"ADDRESSES", folder_ + "/addresses"},
        {"PATTERNS", folder_ + "/patterns"},
        {"INLINE", items},
        {"SOCKETMAP", std::to_string(socketmap_.port())},
        {"TCP", std::to_string(tcp_.port())},
        {"MEMCACHE", folder_ + "/memcache"},
    };
    for (const auto& [word, value] : words) {
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
  TableServer tcp_{TableServer::tcp}, socketmap_{TableServer::socketmap},
      memcache_{TableServer::memcache};
};

void ask(benchmark::State& state, const Tables& tables, const Row& row, bool hit) {
  compiler::CompilingSource programs;
  const WarningSink warn = [](const Diagnostic&) {};
  auto opened = tables::open_table(tables.spec(row.table), programs, warn);
  if (!opened) {
    state.SkipWithError(opened.error().text().c_str());
    return;
  }
  std::mt19937 random(1);
  std::uniform_int_distribution<long> number(0, tables.entries() - 1);
  std::vector<std::string> keys(16384);
  for (std::string& key : keys) key = row.key(number(random), tables.entries(), hit);
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
  ::setenv(headgate::kVariable, "REJECT", 1);
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
