#include "smtpd/stress/anvil.h"

#include <gtest/gtest.h>

#include "smtpd/stress/client_range.h"
#include "tests/support/fake_env.h"
#include "tests/support/log_collector.h"

namespace headgate::stress {
namespace {

using namespace std::chrono_literals;
using Rate = Anvil::Rate;

class AnvilTest : public testing::Test {
 protected:
  AnvilTest() { setenv("TZ", "UTC", 1); }

  void come_and_go(const std::string& ident) {
    static_cast<void>(anvil_.connected(ident));
    anvil_.disconnected(ident);
  }

  testing_support::FakeEnv env_;
  testing_support::LogCollector log_;
  Anvil anvil_{env_, log_};
};

TEST_F(AnvilTest, ItCountsConnectionsAtOnceAndInAWindow) {
  EXPECT_EQ(anvil_.connected("smtp:192.0.2.1").now, 1);
  const Anvil::Connections second = anvil_.connected("smtp:192.0.2.1");
  EXPECT_EQ(second.now, 2);
  EXPECT_EQ(second.rate, 2);
  EXPECT_EQ(anvil_.connected("smtp:192.0.2.2").now, 1);
  EXPECT_EQ(anvil_.connected("submission:192.0.2.1").now, 1);
  anvil_.disconnected("smtp:192.0.2.1");
  anvil_.disconnected("smtp:192.0.2.1");
  const Anvil::Connections third = anvil_.connected("smtp:192.0.2.1");
  EXPECT_EQ(third.now, 1);
  EXPECT_EQ(third.rate, 3);
}

// The window is fixed: it begins with its first event, and all counts are zeroed together.
TEST_F(AnvilTest, TheFirstEventAfterTheWindowBeginsAnother) {
  static_cast<void>(anvil_.connected("a"));
  EXPECT_EQ(anvil_.count("a", Rate::message), 1);
  env_.advance(60s);
  EXPECT_EQ(anvil_.count("a", Rate::message), 2);  // not later than a minute after
  env_.advance(1ms);
  EXPECT_EQ(anvil_.rate("a", Rate::message), 0);
  EXPECT_EQ(anvil_.count("a", Rate::recipient), 1);
  EXPECT_EQ(anvil_.count("a", Rate::message), 1);
  env_.advance(60s);
  EXPECT_EQ(anvil_.count("a", Rate::message), 2);
}

TEST_F(AnvilTest, AClientIsForgottenAMinuteAfterItLeft) {
  come_and_go("a");
  env_.advance(59s);
  come_and_go("b");
  EXPECT_EQ(anvil_.entries(), 2U);
  env_.advance(1s);
  come_and_go("c");
  EXPECT_EQ(anvil_.entries(), 2U);
  static_cast<void>(anvil_.connected("d"));
  env_.advance(1h);
  come_and_go("e");
  EXPECT_EQ(anvil_.entries(), 2U);  // d is connected
}

TEST_F(AnvilTest, AMillionAddressesTakeNoMoreRoomThanAllowed) {
  Anvil::Options options;
  options.most_entries = 1000;
  anvil_.configure(options);
  static_cast<void>(anvil_.connected("stays"));
  EXPECT_EQ(anvil_.count("stays", Rate::message), 1);
  for (int i = 0; i < 1'000'000; ++i) come_and_go(std::to_string(i));
  EXPECT_EQ(anvil_.entries(), 1000U);
  EXPECT_EQ(anvil_.count("stays", Rate::message), 2);
  EXPECT_EQ(anvil_.connected("999999").rate, 2);  // the newest are kept
}

TEST_F(AnvilTest, WhereAllEntriesAreConnectedANewClientIsNotCounted) {
  Anvil::Options options;
  options.most_entries = 2;
  anvil_.configure(options);
  static_cast<void>(anvil_.connected("a"));
  static_cast<void>(anvil_.connected("b"));
  EXPECT_EQ(anvil_.connected("c").now, 0);
  EXPECT_EQ(anvil_.count("c", Rate::message), 0);
  anvil_.disconnected("c");
  EXPECT_EQ(anvil_.connected("b").now, 2);
}

TEST_F(AnvilTest, StatisticsAreThoseOfPostfix) {
  static_cast<void>(anvil_.connected("smtp:192.0.2.1"));
  static_cast<void>(anvil_.connected("smtp:192.0.2.1"));
  static_cast<void>(anvil_.connected("smtp:192.0.2.2"));
  static_cast<void>(anvil_.count("smtp:192.0.2.2", Rate::message));
  static_cast<void>(anvil_.count("smtp:192.0.2.2", Rate::recipient));
  static_cast<void>(anvil_.count("smtp:192.0.2.2", Rate::new_tls));
  static_cast<void>(anvil_.count("smtp:192.0.2.2", Rate::auth));
  env_.advance(600s);
  anvil_.report();
  const std::vector<std::string> expected = {
      "statistics: max connection rate 2/60s for (smtp:192.0.2.1) at Nov 14 22:13:20",
      "statistics: max connection count 2 for (smtp:192.0.2.1) at Nov 14 22:13:20",
      "statistics: max message rate 1/60s for (smtp:192.0.2.2) at Nov 14 22:13:20",
      "statistics: max recipient rate 1/60s for (smtp:192.0.2.2) at Nov 14 22:13:20",
      "statistics: max newtls rate 1/60s for (smtp:192.0.2.2) at Nov 14 22:13:20",
      "statistics: max auth rate 1/60s for (smtp:192.0.2.2) at Nov 14 22:13:20",
      "statistics: max cache size 2 at Nov 14 22:13:20"};
  EXPECT_EQ(log_.lines(), expected);
  EXPECT_EQ(log_.events().front().program, Program::anvil);
  anvil_.report();
  EXPECT_EQ(log_.lines().size(), expected.size());  // nothing has happened since
}

TEST(ClientRange, NetworksAreCountedAsOne) {
  EXPECT_EQ(client_range("192.0.2.77", 32, 84), "192.0.2.77");
  EXPECT_EQ(client_range("192.0.2.77", 24, 84), "192.0.2.0/24");
  EXPECT_EQ(client_range("192.0.2.77", 20, 84), "192.0.0.0/20");
  EXPECT_EQ(client_range("192.0.2.77", 0, 84), "192.0.2.77");
  EXPECT_EQ(client_range("2001:db8:1:2:3:4:5:6", 32, 128), "2001:db8:1:2:3:4:5:6");
  EXPECT_EQ(client_range("2001:db8:1:2:3:ffff:5:6", 32, 84), "2001:db8:1:2:3:f000::/84");
  EXPECT_EQ(client_range("2001:db8:1:2:3:4:5:6", 32, 64), "2001:db8:1:2::/64");
  EXPECT_EQ(client_range("unknown", 24, 64), "unknown");
}

TEST_F(AnvilTest, WhoTakesOverCountsOnInTheSameWindow) {
  EXPECT_EQ(anvil_.connected("smtp:192.0.2.1").rate, 1);
  EXPECT_EQ(anvil_.count("smtp:192.0.2.1", Rate::message), 1);
  come_and_go("smtp:192.0.2.2");
  env_.advance(59s);
  Anvil next(env_, log_);
  next.remember(anvil_.clients());
  const Anvil::Connections again = next.connected("smtp:192.0.2.1");
  EXPECT_EQ(again.rate, 2);
  EXPECT_EQ(again.now, 1);  // the connection is the other process's
  EXPECT_EQ(next.count("smtp:192.0.2.1", Rate::message), 2);
  EXPECT_EQ(next.entries(), 2U);
  env_.advance(2s);
  EXPECT_EQ(next.count("smtp:192.0.2.1", Rate::message), 1);  // another window
  EXPECT_TRUE(anvil_.clients().empty());
}

}  // namespace
}  // namespace headgate::stress
