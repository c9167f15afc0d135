// Rounds: engines measured in turn, round after round, so that a busy machine is busy for all of them.
//   Units     CPU seconds of this thread for one pass over the contestant's sample; passes are repeated until a measurement
//             is long enough for the clock, and the first, unmeasured one warms up and counts the hits.
//   Threads   the caller's.        Errors  none; a contestant past its limit of time is `cut`.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "bench/peers/peer.h"
#include "bench/peers/sample.h"

namespace headgate::peers {

struct RoundsPlan {
  std::size_t rounds = 5;
  double least_seconds = 0.05;          // a measurement
  double limit_seconds = 0;             // a contestant's, all rounds together; 0 = none
  std::function<void(double)> on_done;  // hears the share of the work that is done, 0 … 1
};

struct Contestant {
  Peer* peer = nullptr;            // borrowed, or
  std::function<void()> pass;      // something else to do over the sample
  const Sample* sample = nullptr;  // borrowed
};

struct Timed {
  std::vector<double> seconds;  // a pass, by round
  Hits hits;                    // of one pass
  bool cut = false;             // stopped by the limit: `seconds` may be fewer
};

std::vector<Timed> run_rounds(const std::vector<Contestant>& contestants, const RoundsPlan& plan);

// One pass of a peer.
void scan_sample(Peer& peer, const Sample& sample, Hits& hits);

}  // namespace headgate::peers
