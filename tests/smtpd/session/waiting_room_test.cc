#include "smtpd/session/waiting_room.h"

#include <gtest/gtest.h>

namespace headgate::session {
namespace {

using stress::Standing;

class WaitingRoomTest : public testing::Test {
 protected:
  std::optional<Newcomer> come(const std::string& address, Standing standing,
                               std::size_t most = 3) {
    Newcomer newcomer{aio::ip::tcp::socket(io_), address, false, standing, now_};
    now_ += std::chrono::seconds(1);
    return room_.add(std::move(newcomer), most, crowd_);
  }

  std::string order() {
    std::string all;
    while (room_.size() != 0) all += room_.take_first(crowd_).address + " ";
    return all;
  }

  aio::io_context io_;
  WaitingRoom room_;
  SteadyTime now_{}, crowd_{};  // nobody has come before that
};

TEST_F(WaitingRoomTest, TheMostDeservingFirstAndAmongThemWhoCameFirst) {
  for (const char* address : {"u1", "u2"}) come(address, Standing::unknown, 9);
  come("s1", Standing::suspect, 9);
  come("g1", Standing::good, 9);
  come("u3", Standing::unknown, 9);
  come("g2", Standing::good, 9);
  EXPECT_EQ(room_.size_of(Standing::unknown), 3U);
  EXPECT_EQ(room_.first(crowd_).address, "g1");
  EXPECT_EQ(order(), "g1 g2 u1 u2 u3 s1 ");
}

TEST_F(WaitingRoomTest, AFullRoomSendsAwayWhoWouldBeServedLast) {
  come("u1", Standing::unknown);
  come("s1", Standing::suspect);
  come("s2", Standing::suspect);
  EXPECT_EQ(come("s3", Standing::suspect)->address, "s3");
  EXPECT_EQ(come("u2", Standing::unknown)->address, "s2");
  EXPECT_EQ(come("g1", Standing::good)->address, "s1");
  EXPECT_EQ(come("u3", Standing::unknown)->address, "u3");
  EXPECT_EQ(come("g2", Standing::good)->address, "u2");
  EXPECT_EQ(order(), "g1 g2 u1 ");
}

TEST_F(WaitingRoomTest, InACrowdThatIsWhoHasWaitedLongest) {
  for (const char* address : {"u1", "u2", "u3"}) come(address, Standing::unknown);
  crowd_ = now_;
  EXPECT_EQ(come("u4", Standing::unknown)->address, "u1");
  EXPECT_EQ(come("g1", Standing::good)->address, "u2");
  EXPECT_EQ(come("s1", Standing::suspect)->address, "s1");
}

TEST_F(WaitingRoomTest, InACrowdTheNewestIsServedFirst) {
  for (const char* address : {"u1", "u2", "u3", "u4"}) come(address, Standing::unknown, 9);
  come("d1", Standing::doubtful, 9);
  crowd_ = SteadyTime{} + std::chrono::milliseconds(1500);  // u1 and u2 have waited too long
  EXPECT_EQ(room_.first(crowd_).address, "u4");
  EXPECT_EQ(order(), "u4 u3 u2 u1 d1 ");
}

TEST_F(WaitingRoomTest, ItKnowsHowManyOfAnAddressWait) {
  come("a", Standing::unknown);
  come("a", Standing::good);
  come("b", Standing::unknown);
  EXPECT_EQ(room_.count("a"), 2U);
  static_cast<void>(room_.take_first(crowd_));
  EXPECT_EQ(room_.count("a"), 1U);
  room_.clear();
  EXPECT_EQ(room_.count("a"), 0U);
  EXPECT_EQ(room_.size(), 0U);
}

TEST_F(WaitingRoomTest, NoRoomAtAll) { EXPECT_EQ(come("g", Standing::good, 0)->address, "g"); }

}  // namespace
}  // namespace headgate::session
