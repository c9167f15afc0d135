#include "smtpd/master/restart_plan.h"

#include <gtest/gtest.h>

namespace headgate::master {
namespace {

using std::chrono::seconds;

SteadyTime at(int second) { return SteadyTime(seconds(second)); }

TEST(RestartPlan, WhatNeverGotReadyWaitsTheThrottleTime) {
  RestartPlan plan(seconds(60));
  EXPECT_EQ(plan.ended(at(0)), seconds(0)) << "nothing was tried yet";
  plan.started(at(0));
  EXPECT_FALSE(plan.was_ready());
  EXPECT_EQ(plan.ended(at(1)), seconds(60));
  plan.started(at(61));
  EXPECT_EQ(plan.ended(at(62)), seconds(60));
}

TEST(RestartPlan, WhatWasAtWorkComesBackAtOnceAndThenLaterAndLater) {
  RestartPlan plan(seconds(60));
  std::vector<int> waits;
  for (int i = 0; i < 10; ++i) {
    plan.started(at(i));
    plan.ready();
    waits.push_back(static_cast<int>(plan.ended(at(i)).count()));
  }
  EXPECT_EQ(waits, (std::vector<int>{0, 1, 2, 4, 8, 16, 32, 60, 60, 60}));
}

TEST(RestartPlan, ALongLifeIsForgiven) {
  RestartPlan plan(seconds(60));
  for (int i = 0; i < 5; ++i) {
    plan.started(at(i));
    plan.ready();
    static_cast<void>(plan.ended(at(i)));
  }
  plan.started(at(100));
  plan.ready();
  EXPECT_EQ(plan.ended(at(160)), seconds(0));
}

TEST(RestartPlan, TheThrottleTimeMayChange) {
  RestartPlan plan(seconds(60));
  plan.started(at(0));
  plan.set_throttle(seconds(5));
  EXPECT_EQ(plan.ended(at(1)), seconds(5));
}

}  // namespace
}  // namespace headgate::master
