// ask_counts: how often, and for how long, our engine asks the reference engine about each pattern: what is left to be saved.
//   Units     by pattern id; nanoseconds of the clock, with the 50 that looking at it costs.
//   Threads   the caller's.       Errors  none.
#pragma once

#include <memory>
#include <vector>

#include "bench/peers/sample.h"

namespace headgate::peers {

struct Asked {
  std::uint64_t times = 0;
  double nanoseconds = 0;  // all together
};

std::vector<Asked> ask_counts(const rules::Program& program, KeyKind kind, const Sample& sample);

}  // namespace headgate::peers
