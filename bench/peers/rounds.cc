// Tested by tests/bench/rounds_test.cc.
#include "bench/peers/rounds.h"

#include "bench/peers/cpu_clock.h"

namespace headgate::peers {

namespace {

class Runner {
 public:
  explicit Runner(const Contestant& contestant) : contestant_(contestant) {}

  void pass(Hits& hits) const {
    if (contestant_.peer != nullptr)
      scan_sample(*contestant_.peer, *contestant_.sample, hits);
    else
      contestant_.pass();
  }

  // Passes until they are `least` seconds long together; the time of one.
  double measure(double least) const {
    const double begun = thread_cpu_seconds();
    double taken = 0;
    std::size_t passes = 0;
    while (passes == 0 || taken < least) {
      Hits hits;
      pass(hits);
      ++passes;
      taken = thread_cpu_seconds() - begun;
    }
    return taken / static_cast<double>(passes);
  }

 private:
  const Contestant& contestant_;
};

}  // namespace

void scan_sample(Peer& peer, const Sample& sample, Hits& hits) {
  std::uint64_t first = 0;
  for (const Section& section : sample.sections) {
    peer.scan(section, first, hits);
    first += section.texts.size();
  }
}

std::vector<Timed> run_rounds(const std::vector<Contestant>& contestants, const RoundsPlan& plan) {
  std::vector<Timed> timed(contestants.size());
  std::vector<double> spent(contestants.size());
  const double steps = static_cast<double>(contestants.size() * (plan.rounds + 1));
  double done = 0;
  // Round 0 warms up and counts.
  for (std::size_t round = 0; round <= plan.rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      done += 1;
      if (timed[i].cut) continue;
      const Runner runner(contestants[i]);
      const double begun = wall_seconds();
      if (round == 0)
        runner.pass(timed[i].hits);
      else
        timed[i].seconds.push_back(runner.measure(plan.least_seconds));
      spent[i] += wall_seconds() - begun;
      const bool more = round < plan.rounds;
      timed[i].cut = more && plan.limit_seconds > 0 && spent[i] > plan.limit_seconds;
      if (plan.on_done) plan.on_done(done / steps);
    }
  }
  return timed;
}

}  // namespace headgate::peers
