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

  void read(SignalName name, double value, int times);

  testing_support::FakeEnv env_;
  testing_support::LogCollector log_;
  Slots slots_{3};
  Signals signals_;
  History history_;
  Controller controller_{policy(), env_, log_, signals_, history_};
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

// One reading after the other, a second apart.
void ControllerTest::read(SignalName name, double value, int times) {
  for (int i = 0; i < times; ++i) {
    Signals::Values values;
    values[static_cast<std::size_t>(name)] = value;
    signals_.read(values);
    env_.advance(1s);
  }
}

TEST_F(ControllerTest, ASignalIsStressAndForAsLongAsFullSlotsAre) {
  signals_.configure(SignalName::loop_lag, {500, 2000});
  Policy by_lag = policy();
  by_lag.signals = {SignalName::loop_lag};
  controller_.set_policy(by_lag);
  read(SignalName::loop_lag, 800, 2);
  EXPECT_FALSE(controller_.stressed());
  read(SignalName::loop_lag, 800, 1);
  EXPECT_TRUE(controller_.stressed());
  EXPECT_EQ(log_.count("entering stress mode (loop_lag 800 ms (limit 500 ms))"), 1);
  read(SignalName::loop_lag, 3, 3);
  EXPECT_TRUE(controller_.stressed());
  EXPECT_EQ(controller_.why(), "loop_lag 800 ms (limit 500 ms)");
  env_.advance(1000s);
  EXPECT_FALSE(controller_.stressed());
  EXPECT_EQ(log_.count("leaving stress mode"), 1);
  EXPECT_EQ(log_.count("has reached its process limit"), 0);
}

TEST_F(ControllerTest, ASignalThatIsNotNamedCountsForNothing) {  // stress_signals = slots: Postfix
  signals_.configure(SignalName::loop_lag, {500, 2000});
  read(SignalName::loop_lag, 100000, 10);
  EXPECT_FALSE(controller_.stressed());
}

TEST_F(ControllerTest, WithoutTheSlotsSignalAFullServiceOnlyWarns) {
  Policy other = policy();
  other.by_slots = false;
  controller_.set_policy(other);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(connect());
  EXPECT_EQ(log_.count("has reached its process limit"), 1);
}

TEST_F(ControllerTest, LevelTwoIsASevereSignalOrAQueueThreeTimesTheSlots) {
  signals_.configure(SignalName::memory, {85, 92});
  Policy by_memory = policy();
  by_memory.signals = {SignalName::memory};
  controller_.set_policy(by_memory);
  for (int i = 0; i < 3; ++i) connect();
  controller_.waiting(slots_, 5);
  EXPECT_EQ(controller_.level(), kStressed);
  controller_.waiting(slots_, 6);
  EXPECT_EQ(controller_.level(), kSevere);
  EXPECT_EQ(log_.count("level 1 -> 2 (3/3 busy, 6 waiting)"), 1);
  controller_.waiting(slots_, 5);  // not yet below four fifths of it
  env_.advance(60s);
  EXPECT_EQ(controller_.level(), kSevere);
  controller_.waiting(slots_, 2);
  env_.advance(4s);
  EXPECT_EQ(controller_.level(), kSevere);
  controller_.waiting(slots_, 5);
  controller_.waiting(slots_, 2);
  env_.advance(4s);
  EXPECT_EQ(controller_.level(), kSevere);
  env_.advance(1s);
  EXPECT_EQ(controller_.level(), kStressed);
  EXPECT_EQ(log_.count("level 1 -> 2"), 1);
  read(SignalName::memory, 97, 4);
  EXPECT_EQ(controller_.level(), kSevere);
  EXPECT_EQ(controller_.why(), "memory 97 % (limit 92 %)");
  read(SignalName::memory, 10, 3);
  EXPECT_EQ(controller_.level(), kStressed);
}

TEST_F(ControllerTest, ByHandUntilItIsAutomaticAgain) {
  controller_.set_mode(Mode::on);
  EXPECT_TRUE(controller_.stressed());
  EXPECT_EQ(log_.count("entering stress mode (on by hand)"), 1);
  controller_.set_policy(policy());  // a reload
  env_.advance(5000s);
  EXPECT_TRUE(controller_.stressed());
  controller_.set_mode(Mode::off);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(connect());
  EXPECT_EQ(log_.count("has reached its process limit"), 1);
  controller_.set_mode(Mode::automatic);
  EXPECT_TRUE(controller_.stressed());  // all slots are taken
  std::string changes;
  for (const Change& change : history_.all())
    changes += change.service + " " + std::to_string(change.from) + "->" +
               std::to_string(change.to) + " " + change.why + "\n";
  EXPECT_EQ(changes, "25 0->1 on by hand\n25 1->0 off by hand\n25 0->1 3/3 busy\n");
}

TEST(History, KeepsTheNewest) {
  History history;
  for (int i = 0; i < 1000; ++i) history.add({{}, std::to_string(i), 0, 1, "x"});
  EXPECT_EQ(history.all().size(), History::kMost);
  EXPECT_EQ(history.all().back().service, "999");
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

TEST_F(ControllerTest, WhoTakesOverGoesOnWithTheSameStress) {
  for (int i = 0; i < 3; ++i) connect();
  const std::size_t said = log_.lines().size();
  env_.advance(10s);
  Controller next{policy(), env_, log_, signals_, history_};
  next.remember(controller_.hand_over());
  EXPECT_EQ(next.level(), kStressed);
  EXPECT_EQ(next.why(), "3/3 busy");
  for (int i = 0; i < 3; ++i) disconnect();
  env_.advance(999s);
  EXPECT_TRUE(next.stressed());
  EXPECT_EQ(log_.lines().size(), said);  // nothing has changed
  env_.advance(1s);
  EXPECT_FALSE(next.stressed());
  EXPECT_FALSE(controller_.stressed());
  ASSERT_EQ(log_.lines().size(), said + 1);  // the one before is silent
  EXPECT_EQ(log_.lines().back(), "stress: service \"smtp\" (25) leaving stress mode after 1010 s");
}

TEST_F(ControllerTest, WhatWasSetByHandStaysSoForWhoTakesOver) {
  controller_.set_mode(Mode::on);
  Controller next{policy(), env_, log_, signals_, history_};
  next.remember(controller_.hand_over());
  EXPECT_EQ(next.mode(), Mode::on);
  EXPECT_EQ(next.why(), "on by hand");
  next.set_mode(Mode::automatic);
  EXPECT_FALSE(next.stressed());
}

}  // namespace
}  // namespace headgate::stress
