// What one lookup costs: Hyperscan proposing and PCRE2 disposing, beside Postfix's own way (PCRE2 rule by rule) on the same
// program in the same run. The peer is our confirm-only path: the same PCRE2 calls in the same order as Postfix's.
// Rules are generated (fixed seed): words of eight letters in the form that most real rules have, in if-groups or flat.
// Keys are headers of which none, or every tenth, is hit.
#include <benchmark/benchmark.h>

#include <random>

#include "compiler/compile.h"
#include "engine/rules/program.h"
#include "engine/rules/program_lookup.h"

namespace headgate {
namespace {

using rules::Path;

std::string word(std::mt19937& dice) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>('a' + dice() % 26);
  return out;
}

std::string inline_table(std::size_t rules, bool grouped) {
  std::mt19937 dice(1);
  std::string table = "{";
  if (grouped) table += "{if /^Subject:/}";
  for (std::size_t i = 0; i < rules; ++i)
    table += "{/^Subject:.*\\b" + word(dice) + "\\b/ REJECT rule " + std::to_string(i) + "}";
  if (grouped) table += "{endif}";
  std::string spaced;
  for (const char c : table) {
    spaced += c;
    if (c == '}') spaced += ' ';
  }
  return spaced + "}";
}

std::vector<std::string> headers(std::size_t count, std::size_t rules, bool hits) {
  std::mt19937 words(1);
  std::vector<std::string> known;
  for (std::size_t i = 0; i < rules; ++i) known.push_back(word(words));
  std::mt19937 dice(2);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string header = i % 3 == 0 ? "Received: from" : "Subject:";
    for (int k = 0; k < 8; ++k) header += " " + word(dice);
    if (hits && i % 10 == 0)
      header = "Subject: about " + known[dice() % known.size()] + " and more";
    out.push_back(header);
  }
  return out;
}

void lookup(benchmark::State& state, Path path, bool grouped, bool hits) {
  const auto rules = static_cast<std::size_t>(state.range(0));
  compiler::CompilingSource source;
  const auto table = source.load(rules::Dialect::pcre, inline_table(rules, grouped));
  if (!table) {
    state.SkipWithError(table.error().text().c_str());
    return;
  }
  rules::ProgramLookup lookup(table->full, "pcre:bench", {}, path);
  const auto keys = headers(1000, rules, hits);
  std::size_t next = 0, found = 0;
  for (auto _ : state) {
    const auto answer = lookup.find(keys[next]);
    found += answer && *answer ? 1 : 0;
    next = next + 1 == keys.size() ? 0 : next + 1;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["hit%"] =
      100.0 * static_cast<double>(found) / static_cast<double>(state.iterations());
}

#define HEADGATE_BENCH(name, path, grouped, hits)                            \
  void name(benchmark::State& state) { lookup(state, path, grouped, hits); } \
  BENCHMARK(name)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond)

HEADGATE_BENCH(flat_headgate, Path::scan, false, false);
HEADGATE_BENCH(flat_pcre2_one_by_one, Path::confirm_only, false, false);
HEADGATE_BENCH(grouped_headgate, Path::scan, true, false);
HEADGATE_BENCH(grouped_pcre2_one_by_one, Path::confirm_only, true, false);
HEADGATE_BENCH(tenth_hits_headgate, Path::scan, false, true);
HEADGATE_BENCH(tenth_hits_pcre2_one_by_one, Path::confirm_only, false, true);

}  // namespace
}  // namespace headgate
