#include "smtpd/stress/seats.h"

#include <gtest/gtest.h>

#include "tests/support/fake_env.h"

namespace headgate::stress {
namespace {

using namespace std::chrono_literals;

class SeatsTest : public testing::Test {
 protected:
  struct Session {
    Session(SeatsTest& test, const std::string& address, bool trusted = false,
            std::chrono::milliseconds round_trip = 0ms)
        : seat(
              test.seats_, address, trusted, [this] { ++woken; }, round_trip) {}

    int woken = 0;
    Seat seat;
  };

  // A session that has said EHLO and waits.
  std::unique_ptr<Session> idle(const std::string& address, Progress progress = said_hello()) {
    auto session = std::make_unique<Session>(*this, address);
    session->seat.waits(progress);
    return session;
  }

  static Progress said_hello() {
    Progress progress;
    progress.steps = 1;
    return progress;
  }

  static Progress in_mail() {
    Progress progress;
    progress.steps = 2;
    progress.in_transaction = true;
    return progress;
  }

  static Progress sent_one() {
    Progress progress;
    progress.messages = 1;
    return progress;
  }

  bool evict(Standing newcomer) { return seats_.evict(newcomer, 1s, 1s); }

  void make_suspect(const std::string& address) {
    for (int i = 0; i < Reputation::kStrikesOfASuspect; ++i) reputation_.strike(address);
  }

  testing_support::FakeEnv env_;
  Reputation reputation_{env_};
  Seats seats_{env_, reputation_};
};

TEST_F(SeatsTest, TheLongestIdleLeavesOnceItHasBeenIdleLongEnough) {
  const auto first = idle("192.0.2.1");
  env_.advance(500ms);
  const auto second = idle("192.0.2.2");
  EXPECT_FALSE(evict(Standing::unknown));
  EXPECT_EQ(seats_.next_chance(Standing::unknown, 1s, 1s), env_.steady() + 500ms);
  env_.advance(500ms);
  EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_EQ(first->woken, 1);
  EXPECT_EQ(second->woken, 0);
  EXPECT_TRUE(first->seat.resumes());
  EXPECT_EQ(first->seat.idle(), 1s);
  EXPECT_FALSE(evict(Standing::unknown));  // the other is not idle for a second yet
  EXPECT_EQ(seats_.evictions(), 1U);
}

TEST_F(SeatsTest, WhoDoesNotWaitForACommandNeverLeaves) {
  Session busy(*this, "192.0.2.1");  // greeting, DATA, a lookup, a reply
  env_.advance(1h);
  EXPECT_FALSE(evict(Standing::good));
  busy.seat.waits(said_hello());
  EXPECT_FALSE(busy.seat.resumes());
  EXPECT_FALSE(evict(Standing::good));
  EXPECT_EQ(seats_.next_chance(Standing::good, 1s, 1s), std::nullopt);
}

TEST_F(SeatsTest, WhatANewcomerDeservesMoreItGetsAtOnce) {
  const auto stranger = idle("192.0.2.1");
  EXPECT_FALSE(evict(Standing::unknown));
  EXPECT_FALSE(evict(Standing::suspect));
  EXPECT_TRUE(evict(Standing::good));
  EXPECT_EQ(stranger->woken, 1);
}

TEST_F(SeatsTest, OneStrikeIsEnoughToStandBehindStrangers) {
  reputation_.strike("192.0.2.1");
  const auto doubtful = idle("192.0.2.1");
  EXPECT_EQ(seats_.standing("192.0.2.1", false, 0), Standing::doubtful);
  EXPECT_FALSE(evict(Standing::suspect));
  EXPECT_FALSE(evict(Standing::doubtful));
  EXPECT_TRUE(evict(Standing::unknown));
}

TEST_F(SeatsTest, SuspectsLeaveBeforeStrangersAndThoseBeforeKnownGoodOnes) {
  make_suspect("192.0.2.3");
  reputation_.accepted("192.0.2.1");
  const auto good = idle("192.0.2.1");
  const auto stranger = idle("192.0.2.2");
  env_.advance(5s);
  const auto suspect = idle("192.0.2.3");
  EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_EQ(suspect->woken, 1);
  EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_EQ(stranger->woken, 1);
  EXPECT_FALSE(evict(Standing::unknown));  // the known good one, however idle
  EXPECT_TRUE(evict(Standing::good));
  EXPECT_EQ(good->woken, 1);
}

TEST_F(SeatsTest, MynetworksAndWhoHasSentAMessageCountAsGood) {
  Session ours(*this, "192.0.2.1", true);
  ours.seat.waits(said_hello());
  const auto sender = idle("192.0.2.2");
  EXPECT_FALSE(sender->seat.resumes());
  sender->seat.waits(sent_one());
  env_.advance(29s);
  EXPECT_FALSE(evict(Standing::unknown));
  EXPECT_EQ(seats_.standing("192.0.2.1", true, 0), Standing::good);
  EXPECT_EQ(seats_.standing("192.0.2.9", false, 0), Standing::unknown);
}

TEST_F(SeatsTest, ToTalkIsNotToWork) {
  const auto talker = idle("192.0.2.1");
  for (int i = 0; i < 10; ++i) {  // a NOOP every 100 ms
    env_.advance(100ms);
    EXPECT_FALSE(talker->seat.resumes());
    talker->seat.waits(said_hello());
  }
  EXPECT_TRUE(evict(Standing::unknown));
}

TEST_F(SeatsTest, StepsOnceDoneDoNotCountAgain) {
  const auto session = idle("192.0.2.1");
  env_.advance(900ms);
  EXPECT_FALSE(session->seat.resumes());
  session->seat.waits(in_mail());
  env_.advance(900ms);
  EXPECT_FALSE(evict(Standing::unknown));
  EXPECT_FALSE(session->seat.resumes());
  session->seat.waits(said_hello());  // RSET
  EXPECT_FALSE(session->seat.resumes());
  env_.advance(100ms);
  session->seat.waits(in_mail());  // MAIL again
  EXPECT_TRUE(evict(Standing::unknown));
}

TEST_F(SeatsTest, ATransactionIsGivenItsOwnIdleTime) {
  const auto mailing = idle("192.0.2.1", in_mail());
  const auto greeting = idle("192.0.2.2");
  env_.advance(100ms);
  EXPECT_TRUE(seats_.evict(Standing::unknown, 20ms, 1s));
  EXPECT_EQ(greeting->woken, 1);
  EXPECT_FALSE(seats_.evict(Standing::unknown, 20ms, 1s));
  EXPECT_EQ(seats_.next_chance(Standing::unknown, 20ms, 1s), env_.steady() + 900ms);
  env_.advance(900ms);
  EXPECT_TRUE(seats_.evict(Standing::unknown, 20ms, 1s));
  EXPECT_EQ(mailing->woken, 1);
}

TEST_F(SeatsTest, AClientInManySeatsStandsLower) {
  seats_.set_many(2);
  const auto first = idle("192.0.2.1");
  const auto second = idle("192.0.2.1");
  const auto other = idle("192.0.2.2");
  EXPECT_EQ(seats_.standing("192.0.2.1", false, 0), Standing::doubtful);
  EXPECT_EQ(seats_.standing("192.0.2.2", false, 0), Standing::unknown);
  EXPECT_EQ(seats_.standing("192.0.2.2", false, 1), Standing::doubtful);
  EXPECT_FALSE(evict(Standing::unknown));  // two are not too many
  const auto third = idle("192.0.2.1");
  EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_EQ(first->woken + second->woken + third->woken, 1);
  EXPECT_EQ(other->woken, 0);
}

TEST_F(SeatsTest, AfterHalfAMinuteWithoutAMessageASessionStandsLower) {
  const auto session = idle("192.0.2.1", sent_one());
  const auto stranger = idle("192.0.2.2");
  EXPECT_FALSE(stranger->seat.resumes());
  env_.advance(30s);
  EXPECT_FALSE(session->seat.resumes());
  session->seat.waits(sent_one());
  Progress busy = in_mail();
  busy.steps = 30;
  stranger->seat.waits(busy);  // a recipient a second
  EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_EQ(stranger->woken, 1);
  EXPECT_TRUE(
      evict(Standing::unknown));  // the one that sent a message half a minute ago is a stranger now
  EXPECT_EQ(session->woken, 1);
}

TEST_F(SeatsTest, AFloodFindsItsVictimsQuickly) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (int i = 0; i < 10000; ++i) sessions.push_back(idle(std::to_string(i)));
  env_.advance(1s);
  for (int i = 0; i < 10000; ++i) EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_FALSE(evict(Standing::good));
}

TEST_F(SeatsTest, TwoRoundTripsAreNotIdleTime) {
  Session far(*this, "192.0.2.1", false, 200ms), beyond(*this, "192.0.2.2", false, 10s);
  far.seat.waits(said_hello());
  beyond.seat.waits(said_hello());
  env_.advance(1399ms);
  EXPECT_FALSE(evict(Standing::unknown));
  EXPECT_EQ(seats_.next_chance(Standing::unknown, 1s, 1s), env_.steady() + 1ms);
  env_.advance(1ms);
  EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_EQ(far.woken, 1);
  EXPECT_FALSE(evict(Standing::unknown));
  env_.advance(100ms);  // 250 ms is the most that counts
  EXPECT_TRUE(evict(Standing::unknown));
  EXPECT_EQ(beyond.woken, 1);
}

TEST_F(SeatsTest, WhatALookupTookBeforeTheGreetingIsNotIdleTime) {
  Session slow(*this, "192.0.2.1");
  env_.advance(10s);  // a name server that does not answer
  slow.seat.waits({});
  env_.advance(999ms);
  EXPECT_FALSE(evict(Standing::unknown));
  static_cast<void>(slow.seat.resumes());
  slow.seat.waits({});  // NOOP
  env_.advance(1ms);
  EXPECT_TRUE(evict(Standing::unknown));
}

}  // namespace
}  // namespace headgate::stress
