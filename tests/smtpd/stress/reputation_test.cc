#include "smtpd/stress/reputation.h"

#include <gtest/gtest.h>

#include "tests/support/fake_env.h"

namespace headgate::stress {
namespace {

using namespace std::chrono_literals;

class ReputationTest : public testing::Test {
 protected:
  testing_support::FakeEnv env_;
  Reputation reputation_{env_};
};

TEST_F(ReputationTest, AnAcceptedMessageSpeaksForItsClientForADay) {
  EXPECT_EQ(reputation_.standing("a"), Standing::unknown);
  reputation_.accepted("a");
  EXPECT_EQ(reputation_.standing("a"), Standing::good);
  env_.advance(24h - 1s);
  EXPECT_EQ(reputation_.standing("a"), Standing::good);
  env_.advance(1s);
  EXPECT_EQ(reputation_.standing("a"), Standing::unknown);
  EXPECT_EQ(reputation_.sizes().good, 0U);
}

TEST_F(ReputationTest, TwoStrikesMakeASuspectForAWhile) {
  reputation_.strike("a");
  EXPECT_EQ(reputation_.standing("a"), Standing::doubtful);
  env_.advance(299s);
  reputation_.strike("a");
  EXPECT_EQ(reputation_.standing("a"), Standing::suspect);
  env_.advance(299s);
  EXPECT_EQ(reputation_.standing("a"), Standing::suspect);
  env_.advance(1s);
  EXPECT_EQ(reputation_.standing("a"), Standing::unknown);
  reputation_.strike("a");
  EXPECT_EQ(reputation_.standing("a"), Standing::doubtful);  // counted anew
}

TEST_F(ReputationTest, AMessageTakesStrikesAwayAndStrikesTakeNothingFromAGoodOne) {
  reputation_.strike("a");
  reputation_.strike("a");
  reputation_.accepted("a");
  EXPECT_EQ(reputation_.standing("a"), Standing::good);
  for (int i = 0; i < 5; ++i) reputation_.strike("a");
  EXPECT_EQ(reputation_.standing("a"), Standing::good);
}

TEST_F(ReputationTest, AFloodOfStrangersPushesNoKnownGoodClientOut) {
  Reputation::Options options;
  options.most_clients = 100;
  reputation_.configure(options);
  reputation_.accepted("good");
  for (int i = 0; i < 100000; ++i) reputation_.strike(std::to_string(i));
  EXPECT_EQ(reputation_.standing("good"), Standing::good);
  EXPECT_EQ(reputation_.sizes().struck, 100U);
  for (int i = 0; i < 100; ++i) reputation_.accepted("good" + std::to_string(i));
  EXPECT_EQ(reputation_.standing("good"), Standing::unknown);  // the one heard of longest ago
  EXPECT_EQ(reputation_.sizes().good, 100U);
}

TEST_F(ReputationTest, WhoTakesOverRemembersTheSameClients) {
  reputation_.accepted("good");
  env_.advance(1h);
  reputation_.strike("bad");
  reputation_.strike("bad");
  Reputation next(env_);
  next.remember(reputation_.clients());
  EXPECT_EQ(next.standing("good"), Standing::good);
  EXPECT_EQ(next.standing("bad"), Standing::suspect);
  env_.advance(23h);
  EXPECT_EQ(next.standing("good"), Standing::unknown);
  EXPECT_EQ(next.standing("bad"), Standing::unknown);
}

}  // namespace
}  // namespace headgate::stress
