// The measures that say whether the engine is fast enough: each a ratio to a peer of the same run, with what it must reach
// and what it aims at. `ratios` prints them.
//   Errors    an Outcome without a value says why: no real mail, a peer that was not ready in time.
//   Threads   one at a time.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "bench/engine/inputs.h"
#include "bench/peers/spread.h"

namespace headgate::ratios {

struct Plan {
  std::size_t rounds = 5;
  std::uint64_t seed = 1;
  std::chrono::seconds compile_limit{300};  // of a peer
};

struct Outcome {
  peers::Spread value;
  std::string detail;   // "212 MB/s against 0.35 MB/s (PCRE2 one by one)"
  std::string problem;  // not "": no value
};

enum class Better : std::uint8_t { more, less };

struct Row {
  std::string name;     // for --only
  std::string measure;  // for people
  std::string unit;     // "x", "s", "ms"
  double must = 0, aim = 0;
  Better better = Better::more;
  std::function<Outcome(Inputs&, const Plan&)> run;
};

std::vector<Row> rows();

}  // namespace headgate::ratios
