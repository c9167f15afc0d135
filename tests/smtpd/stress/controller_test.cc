#include "smtpd/stress/controller.h"

#include <gtest/gtest.h>

#include "tests/support/fake_env.h"
#include "tests/support/log_collector.h"

namespace headgate::stress {
namespace {

using namespace std::chrono_literals;

class ControllerTest : public testing::Test {
 protected:
  static Policy policy() {
    Policy p;
    p.service = "smtp";
    p.canonical = "25";
    p.eligible = p.switches = true;
    return p;
  }

  // What the front does for a client; true = the session begins stressed.
  bool connect() {
    EXPECT_TRUE(slots_.take());
    controller_.taken(slots_);
    return controller_.stressed();
  }

  void disconnect() {
    slots_.release();
    controller_.released(slots_);
  }

  testing_support::FakeEnv env_;
  testing_support::LogCollector log_;
  Slots slots_{3};
  Controller controller_{policy(), env_, log_};
};

TEST_F(ControllerTest, TheSessionThatTakesTheLastSlotIsStressed) {  // smtpd.md §13.1
  EXPECT_FALSE(connect());
  EXPECT_FALSE(connect());
  EXPECT_TRUE(connect());
  EXPECT_TRUE(slots_.full());
  EXPECT_FALSE(slots_.take());
  const std::vector<std::string> expected = {
      "stress: service \"smtp\" (25) entering stress mode (3/3 busy)",
      "warning: service \"smtp\" (25) has reached its process limit \"3\": new clients may "
      "experience noticeable delays",
      "warning: to avoid this condition, increase the process count in master.cf or reduce the "
      "service time per client",
      "warning: see https://www.postfix.org/STRESS_README.html for examples of stress-adapting "
      "configuration settings"};
  EXPECT_EQ(log_.lines(), expected);
}

TEST_F(ControllerTest, ItEndsAThousandSecondsAfterTheServiceWasLastFull) {  // §13.2
  for (int i = 0; i < 3; ++i) connect();
  EXPECT_FALSE(controller_.ends_at());  // full: no end in sight
  env_.advance(5000s);
  EXPECT_TRUE(controller_.stressed());
  disconnect();
  EXPECT_EQ(controller_.ends_at(), env_.steady() + 1000s);
  disconnect();
  env_.advance(999s);
  EXPECT_TRUE(connect());
  env_.advance(1s);
  EXPECT_FALSE(connect() && slots_.in_use() < 3);  // the third is full again and stressed anew
  EXPECT_EQ(log_.count("leaving stress mode after 6000 s"), 1);
  EXPECT_EQ(log_.count("entering stress mode"), 2);
}

TEST_F(ControllerTest, LeavingIsLoggedOnce) {
  for (int i = 0; i < 3; ++i) connect();
  for (int i = 0; i < 3; ++i) disconnect();
  env_.advance(1000s);
  EXPECT_FALSE(controller_.stressed());
  EXPECT_FALSE(controller_.stressed());
  EXPECT_EQ(log_.count("leaving stress mode after 1000 s"), 1);
  EXPECT_FALSE(controller_.ends_at());
}

TEST_F(ControllerTest, TheWarningComesAtMostOnceInAThousandSeconds) {  // §13.2
  for (int i = 0; i < 3; ++i) connect();
  for (int round = 0; round < 4; ++round) {
    disconnect();
    env_.advance(250s);
    connect();
  }
  EXPECT_EQ(log_.count("has reached its process limit"), 1);  // exactly 1000 s later: still quiet
  disconnect();
  env_.advance(1s);
  connect();
  EXPECT_EQ(log_.count("has reached its process limit"), 2);
  EXPECT_EQ(log_.count("entering stress mode"), 1);
}

TEST_F(ControllerTest, AReloadKeepsTheState) {  // §13.2
  for (int i = 0; i < 3; ++i) connect();
  disconnect();
  env_.advance(500s);
  Policy longer = policy();
  longer.duration = 60s;
  controller_.set_policy(longer);
  EXPECT_TRUE(controller_.stressed());
  env_.advance(500s);
  EXPECT_FALSE(controller_.stressed());
}

TEST_F(ControllerTest, ForcedServicesWarnButDoNotSwitch) {  // §2.4, trap 15
  Policy forced = policy();
  forced.switches = false;
  controller_.set_policy(forced);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(connect());
  EXPECT_EQ(log_.count("has reached its process limit"), 1);
  EXPECT_EQ(log_.count("stress mode"), 0);
}

TEST_F(ControllerTest, ServicesThatAreNotEligibleSayNothing) {  // §2.1
  Policy local = policy();
  local.eligible = false;
  controller_.set_policy(local);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(connect());
  EXPECT_TRUE(log_.lines().empty());
}

TEST(Slots, ZeroIsUnlimitedAndALowerLimitWaitsForSessionsToEnd) {
  Slots slots(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(slots.take());
  EXPECT_FALSE(slots.full());
  slots.set_limit(10);
  EXPECT_FALSE(slots.take());
  for (int i = 0; i < 991; ++i) slots.release();
  EXPECT_TRUE(slots.take());
}

}  // namespace
}  // namespace headgate::stress
