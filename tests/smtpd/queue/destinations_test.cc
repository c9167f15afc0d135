#include "smtpd/queue/destinations.h"

#include <gtest/gtest.h>

namespace headgate::queue {
namespace {

using std::chrono::seconds;

TEST(Destinations, TakesTurns) {
  Destinations<std::string> places(0, 0);
  places.add("big", "big1");
  places.add("big", "big2");
  places.add("big", "big3");
  places.add("small", "small1");
  std::vector<std::string> order;
  while (auto job = places.next()) order.push_back(*job);
  EXPECT_EQ((std::vector<std::string>{"big1", "small1", "big2", "big3"}), order);
}

TEST(Destinations, LimitsEachPlace) {
  Destinations<int> places(2, 0);
  for (int i = 0; i < 4; ++i) places.add("full", i);
  places.add("other", 10);
  EXPECT_EQ(0, places.next());
  EXPECT_EQ(10, places.next());
  EXPECT_EQ(1, places.next());
  EXPECT_FALSE(places.next());
  places.done("full");
  EXPECT_EQ(2, places.next());
  EXPECT_FALSE(places.next());
  places.done("full");
  places.done("full");
  EXPECT_EQ(3, places.next());
}

TEST(Destinations, LimitsAllPlacesTogether) {
  Destinations<int> places(0, 2);
  for (int i = 0; i < 3; ++i) places.add(std::to_string(i), i);
  EXPECT_TRUE(places.next());
  EXPECT_TRUE(places.next());
  EXPECT_FALSE(places.next());
  EXPECT_EQ(2u, places.under_way());
  places.done("0");
  EXPECT_TRUE(places.next());
}

TEST(Destinations, SparesADeadPlaceForAWhile) {
  Destinations<int> places(0, 0);
  const SteadyTime now(seconds(100));
  EXPECT_FALSE(places.spared("dead", now));
  places.spare("dead", now, now + seconds(300), "connection refused");
  EXPECT_EQ("connection refused", places.spared("dead", now + seconds(299)));
  EXPECT_FALSE(places.spared("dead", now + seconds(300)));
  places.spare("dead", now, now + seconds(300), "connection refused");
  places.spare_none();
  EXPECT_FALSE(places.spared("dead", now));
}

}  // namespace
}  // namespace headgate::queue
