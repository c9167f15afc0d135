#include "smtpd/stress/signals.h"

#include <gtest/gtest.h>

namespace headgate::stress {
namespace {

class SignalsTest : public testing::Test {
 protected:
  SignalsTest() { signals_.configure(SignalName::loop_lag, {500, 2000}); }

  // The levels after each of these readings.
  std::string levels(std::initializer_list<std::optional<double>> values) {
    std::string text;
    for (const std::optional<double>& value : values) {
      Signals::Values reading;
      reading[static_cast<std::size_t>(SignalName::loop_lag)] = value;
      signals_.read(reading);
      text += std::to_string(signals_.level(SignalName::loop_lag));
    }
    return text;
  }

  Signals signals_;
};

TEST_F(SignalsTest, AHiccupIsNoStress) {
  EXPECT_EQ(levels({10000, 10000, 3, 10000, 10000, 3}), "000000");
}

TEST_F(SignalsTest, ThreeInARowRaiseItAndThreeBelowFourFifthsLowerIt) {
  EXPECT_EQ(levels({500, 600, 700, 410, 410, 410, 410}), "0011111");
  EXPECT_EQ(levels({399, 399, 410, 399, 399, 399}), "111110");
}

TEST_F(SignalsTest, SevereIsReachedByWayOfStressedAndLeftTheSameWay) {
  EXPECT_EQ(levels({3000, 3000, 3000, 3000}), "0012");
  EXPECT_EQ(levels({1700, 1500, 1500, 1500, 10, 10, 10}), "2221110");
}

TEST_F(SignalsTest, WhatIsNotToBeHadOrHasNoLimitSaysNothing) {
  EXPECT_EQ(levels({std::nullopt, std::nullopt, std::nullopt, std::nullopt}), "0000");
  signals_.configure(SignalName::loop_lag, {0, 0});
  EXPECT_EQ(levels({1e9, 1e9, 1e9, 1e9}), "0000");
}

TEST_F(SignalsTest, NamesGoBothWays) {
  for (std::size_t i = 0; i < kSignals; ++i) {
    const auto name = static_cast<SignalName>(i);
    EXPECT_EQ(signal_named(text_of(name)), name);
  }
  EXPECT_EQ(signal_named("slots"), std::nullopt);
}

TEST_F(SignalsTest, WhyNamesTheLimitThatWasReached) {
  levels({812, 812, 812});
  EXPECT_EQ(signals_.why(SignalName::loop_lag), "loop_lag 812 ms (limit 500 ms)");
  levels({2812, 2812, 2812});
  EXPECT_EQ(signals_.why(SignalName::loop_lag), "loop_lag 2812 ms (limit 2000 ms)");
}

}  // namespace
}  // namespace headgate::stress
