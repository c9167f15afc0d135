// One engine over one table, for looking at one cell with a profiler: bench_engine --benchmark_filter=body_1000/headgate
// Tables and mail are generate.py's, in $HEADGATE_DATA (default build/data); with $HEADGATE_SHARED also SpamAssassin's
// tables on real mail. A cell's inputs are made when it runs, so a filter spares the others.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "bench/engine/inputs.h"
#include "bench/engine/re2_set.h"
#include "bench/peers/hyperscan_rules.h"
#include "bench/peers/ours.h"
#include "bench/peers/pcre2_rules.h"
#include "bench/peers/posix_rules.h"
#include "bench/peers/rounds.h"

namespace headgate::ratios {
namespace {

using peers::KeyKind;
using peers::Made;
using peers::Pcre2Way;
using peers::Walk;

struct Table {
  const char* name;
  bool real;
  KeyKind kind;
};

constexpr std::array kTables = std::to_array<Table>({
    {"body_1.pcre", false, KeyKind::body},
    {"body_10.pcre", false, KeyKind::body},
    {"body_100.pcre", false, KeyKind::body},
    {"body_1000.pcre", false, KeyKind::body},
    {"body_1000.if.pcre", false, KeyKind::body},
    {"body_1000.regexp", false, KeyKind::body},
    {"body_5000.pcre", false, KeyKind::body},
    {"body_10000.pcre", false, KeyKind::body},
    {"head_10.pcre", false, KeyKind::header},
    {"head_100.pcre", false, KeyKind::header},
    {"head_1000.pcre", false, KeyKind::header},
    {"head_1000.if.pcre", false, KeyKind::header},
    {"head_10000.pcre", false, KeyKind::header},
    {"body_checks", true, KeyKind::body},
    {"header_checks", true, KeyKind::header},
});

struct Engine {
  const char* name;
  bool slow;
  Made (*make)(const ProgramPtr& program, KeyKind kind, const std::string& kept);
};

Made make_hyperscan(const ProgramPtr& program, peers::HyperscanWay way, const std::string& kept) {
  return make_hyperscan_rules(*program, way, {}, kept);
}

constexpr std::array kEngines = std::to_array<Engine>({
    {"headgate", false,
     [](const ProgramPtr& program, KeyKind kind, const std::string&) {
       return peers::make_ours(program, kind);
     }},
    {"own_databases", false,
     [](const ProgramPtr& program, KeyKind kind, const std::string&) {
       return peers::make_own_databases(program, kind);
     }},
    {"pcre2", true,
     [](const ProgramPtr& program, KeyKind, const std::string&) {
       return make_pcre2_rules(*program, Pcre2Way::interpreter, Walk::grouped);
     }},
    {"pcre2_jit", true,
     [](const ProgramPtr& program, KeyKind, const std::string&) {
       return make_pcre2_rules(*program, Pcre2Way::jit, Walk::grouped);
     }},
    {"regexec", true,
     [](const ProgramPtr& program, KeyKind, const std::string&) {
       return make_posix_rules(*program, Walk::grouped);
     }},
    {"re2_set", true,
     [](const ProgramPtr& program, KeyKind, const std::string&) { return make_re2_set(*program); }},
    {"hyperscan_text_by_text", false,
     [](const ProgramPtr& program, KeyKind, const std::string& kept) {
       return make_hyperscan(program, peers::HyperscanWay::text_by_text, kept);
     }},
    {"hyperscan_whole_buffer", false,
     [](const ProgramPtr& program, KeyKind, const std::string& kept) {
       return make_hyperscan(program, peers::HyperscanWay::whole_buffer, kept);
     }},
});

Result<void> run(benchmark::State& state, Inputs& inputs, const Table& table,
                 const Engine& engine) {
  TRY(program, table.real ? inputs.real_table(table.name) : inputs.table(table.name));
  TRY(mail, table.real ? inputs.real_mail() : inputs.mail());
  const Made made = engine.make(program, table.kind, inputs.kept());
  if (made.peer == nullptr) return fail(Code::unavailable, made.problem);
  const std::uint64_t texts = engine.slow ? 1 + 1'000'000 / program->rules().size() : 30'000;
  const auto sample = take_sample(*mail, table.kind, texts, 1);
  std::uint64_t hits = 0;
  for (auto _ : state) {
    peers::Hits found;
    scan_sample(*made.peer, sample, found);
    hits = found.texts;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * sample.bytes));
  state.counters["texts"] = static_cast<double>(sample.texts);
  state.counters["hits"] = static_cast<double>(hits);
  state.counters["left_out"] = static_cast<double>(made.left_out.size());
  return {};
}

void register_all(Inputs& inputs) {
  for (const Table& table : kTables) {
    for (const Engine& engine : kEngines) {
      benchmark::RegisterBenchmark((std::string(table.name) + '/' + engine.name).c_str(),
                                   [&inputs, &table, &engine](benchmark::State& state) {
                                     const auto done = run(state, inputs, table, engine);
                                     if (!done) state.SkipWithError(done.error().text().c_str());
                                   })
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace
}  // namespace headgate::ratios

int main(int argc, char** argv) {
  const char* data = std::getenv("HEADGATE_DATA");
  const std::string folder = data != nullptr ? data : "build/data";
  headgate::ratios::Inputs inputs(folder, folder + "/kept");
  headgate::ratios::register_all(inputs);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
