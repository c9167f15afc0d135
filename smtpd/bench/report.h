// Report: what `headgate bench` found out, before it is written as text, JSON or a page.
// Whatever depends on the clock is in a Timing or in a field that says seconds or nanoseconds; all else is a count, and the
// same seed and corpus give the same.
//   Threads   values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/peers/sample.h"
#include "bench/peers/spread.h"

namespace headgate::bench {

struct Machine {
  std::string processor, system, headgate, hyperscan, pcre2;
  std::string date;  // "2026-11-29 18:55 UTC"
  unsigned processors = 0;
};

struct CorpusFacts {
  std::vector<std::string> paths;
  std::uint64_t messages = 0, headers = 0, header_bytes = 0, body_lines = 0, body_bytes = 0;
};

struct EngineRun {
  std::string engine;                            // "pcre2"
  std::string problem;                           // not "": it was not measured, and why
  std::uint64_t texts = 0, bytes = 0, hits = 0;  // of the sample it ran over
  bool whole_corpus = false;
  bool exact = false;            // it gives each text its rule
  std::optional<bool> agrees;    // with headgate, text by text; for exact ones
  std::size_t left_out = 0;      // patterns that it cannot take
  std::size_t approximate = 0;   // … that it answers with "perhaps"
  std::size_t memory_bytes = 0;  // of what was compiled
  double compile_seconds = 0;    // CPU
  bool cut = false;              // the limit stopped it
  std::vector<double> seconds;   // CPU, a pass, by run

  [[nodiscard]] peers::Spread megabytes_a_second() const {
    std::vector<double> rates;
    for (const double pass : seconds) rates.push_back(static_cast<double>(bytes) / 1e6 / pass);
    return peers::spread_of(std::move(rates));
  }

  [[nodiscard]] double nanoseconds_a_byte() const {
    return bytes == 0 ? 0 : peers::spread_of(seconds).median * 1e9 / static_cast<double>(bytes);
  }
};

// One `if`, or one rule.
struct RuleRow {
  int line = 0;
  bool guard = false, negated = false;
  std::string pattern, flags, action, strategy, reason;
  std::uint64_t hits = 0;     // texts of the whole corpus that it decided
  std::uint64_t tested = 0;   // texts of the sample that came so far in Postfix's walk
  std::uint64_t matched = 0;  // … and matched
  double nanoseconds = 0;     // of its reference engine, a text, over all of the sample
  std::uint64_t asked = 0;    // how often headgate asked the reference engine about the pattern …
  double asked_nanoseconds = 0;  // … and what that cost, a text, over TableReport::asked_texts

  // What it costs Postfix, a text of the sample.
  [[nodiscard]] double cost(std::uint64_t texts) const {
    return texts == 0 ? 0 : nanoseconds * static_cast<double>(tested) / static_cast<double>(texts);
  }
};

struct GrowthPoint {
  std::size_t rules = 0;
  std::vector<EngineRun> engines;
};

struct MixRow {
  std::string strategy, reason;
  std::size_t patterns = 0;
};

// Consecutive rules that could stand in one if-group.
struct Advice {
  std::string guard;  // "/^Subject:/"
  int first_line = 0, last_line = 0;
  std::size_t rules = 0;
  bool same_answers = false;  // the rewritten table answered every text of the sample as before
  peers::Spread faster;       // Postfix's way, all of the table, with this one group
};

struct TableReport {
  std::string spec, dialect;
  peers::KeyKind kind = peers::KeyKind::body;
  bool kind_guessed = false;
  std::size_t rules = 0, guards = 0, patterns = 0, databases = 0, database_bytes = 0;
  std::string build_problem;
  double build_cpu_seconds = 0, build_wall_seconds = 0;
  std::vector<double> load_seconds;  // wall clock, image there, by run
  std::uint64_t hits = 0;            // over the whole corpus
  std::vector<EngineRun> engines;
  std::uint64_t cost_texts = 0;   // the sample behind `rows`, for Postfix …
  std::uint64_t asked_texts = 0;  // … and for headgate
  std::vector<RuleRow> rows;      // in order of the table
  std::vector<GrowthPoint> growth;
  std::string growth_problem;
  std::vector<MixRow> mix;
  std::vector<Advice> advice;  // the largest first
  std::optional<peers::Spread> all_advice;
};

struct Report {
  Machine machine;
  CorpusFacts corpus;
  std::uint64_t seed = 1;
  std::size_t runs = 5;
  std::vector<TableReport> tables;
};

}  // namespace headgate::bench
