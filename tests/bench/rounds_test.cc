#include "bench/peers/rounds.h"

#include "bench/peers/spread.h"

namespace headgate::peers {
namespace {

class Counting final : public Peer {
 public:
  void scan(const Section&, std::uint64_t first, Hits& hits) override {
    ++scans;
    hits.add(first, 0);
  }

  int scans = 0;
};

TEST(Rounds, EachContestantOnceARoundAndOnceBefore) {
  Counting one, two;
  const std::vector<std::string_view> texts = {"a", "b"};
  Sample sample;
  sample.sections = {{"a\nb\n", texts}, {"a\nb\n", texts}};
  RoundsPlan plan;
  plan.rounds = 3;
  plan.least_seconds = 0;
  double done = 0;
  plan.on_done = [&](double share) { done = share; };
  const auto timed = run_rounds({{&one, {}, &sample}, {&two, {}, &sample}}, plan);
  EXPECT_EQ(8, one.scans);
  EXPECT_EQ(8, two.scans);
  EXPECT_EQ(3U, timed[0].seconds.size());
  EXPECT_EQ(2U, timed[0].hits.texts);
  EXPECT_EQ(timed[0].hits.digest, timed[1].hits.digest);
  EXPECT_DOUBLE_EQ(1, done);
}

TEST(Spread, MedianAndRatios) {
  EXPECT_DOUBLE_EQ(2, spread_of({3, 1, 2}).median);
  EXPECT_DOUBLE_EQ(1.5, spread_of({1, 2}).median);
  EXPECT_DOUBLE_EQ(0, spread_of({}).median);
  const Spread ratio = ratio_of({10, 40, 30}, {10, 10, 10});
  EXPECT_DOUBLE_EQ(3, ratio.median);
  EXPECT_DOUBLE_EQ(1, ratio.least);
  EXPECT_DOUBLE_EQ(4, ratio.most);
}

TEST(Hits, TheDigestTellsWhichTextGotWhichRule) {
  Hits one, two, three;
  one.add(1, 2);
  two.add(2, 1);
  three.add(1, 2);
  EXPECT_NE(one.digest, two.digest);
  EXPECT_EQ(one.digest, three.digest);
}

}  // namespace
}  // namespace headgate::peers
