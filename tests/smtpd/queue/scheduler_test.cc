#include "smtpd/queue/scheduler.h"

#include <gtest/gtest.h>

#include "smtpd/queue/destinations.h"

namespace headgate::queue {
namespace {

using std::chrono::seconds;

TEST(Backoff, IsTheAgeWithinItsLimits) {
  const struct {
    int age, expected;
  } rows[] = {{0, 300},     {299, 300},   {300, 300},    {301, 301},
              {3999, 3999}, {4000, 4000}, {500000, 4000}};

  for (const auto& row : rows)
    EXPECT_EQ(seconds(row.expected), backoff(seconds(row.age), seconds(300), seconds(4000)));
  EXPECT_EQ(seconds(300), backoff(seconds(1000), seconds(300), seconds(100))) << "the minimum wins";
}

TEST(Backoff, ALifetimeOfZeroIsOneAttempt) {
  EXPECT_TRUE(expired(seconds(0), seconds(0)));
  EXPECT_FALSE(expired(seconds(0), seconds(1)));
  EXPECT_FALSE(expired(seconds(431999), seconds(432000)));
  EXPECT_TRUE(expired(seconds(432000), seconds(432000)));
}

TEST(Scheduler, GivesOutWhatIsDueInOrder) {
  Scheduler scheduler;
  const SteadyTime now(seconds(1000));
  EXPECT_FALSE(scheduler.next_due());
  EXPECT_TRUE(scheduler.add("later", State::deferred, now + seconds(5)));
  EXPECT_TRUE(scheduler.add("second", State::incoming, now));
  EXPECT_TRUE(scheduler.add("third", State::incoming, now));
  EXPECT_TRUE(scheduler.add("first", State::incoming, now - seconds(1)));
  EXPECT_EQ(now - seconds(1), scheduler.next_due());
  EXPECT_EQ("first", scheduler.take_due(now)->id);
  EXPECT_EQ("second", scheduler.take_due(now)->id);
  EXPECT_EQ("third", scheduler.take_due(now)->id);
  EXPECT_FALSE(scheduler.take_due(now));
  EXPECT_EQ(1u, scheduler.size());
  const auto late = scheduler.take_due(now + seconds(5));
  ASSERT_TRUE(late);
  EXPECT_EQ(State::deferred, late->state);
  EXPECT_EQ(0u, scheduler.size());
}

TEST(Scheduler, AMessageIsScheduledOnce) {
  Scheduler scheduler;
  const SteadyTime now(seconds(1000));
  EXPECT_TRUE(scheduler.add("a", State::deferred, now + seconds(5)));
  EXPECT_FALSE(scheduler.add("a", State::incoming, now));
  EXPECT_FALSE(scheduler.take_due(now));
  EXPECT_TRUE(scheduler.take_due(now + seconds(5)));
  EXPECT_TRUE(scheduler.add("a", State::incoming, now));
}

TEST(Scheduler, FlushMakesAllDue) {
  Scheduler scheduler;
  const SteadyTime now(seconds(1000));
  scheduler.add("b", State::deferred, now + seconds(50));
  scheduler.add("a", State::deferred, now + seconds(60));
  scheduler.make_all_due(now);
  EXPECT_EQ("b", scheduler.take_due(now)->id);
  EXPECT_EQ("a", scheduler.take_due(now)->id);
}

}  // namespace
}  // namespace headgate::queue
