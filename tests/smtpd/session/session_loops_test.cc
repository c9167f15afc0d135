#include "smtpd/session/session_loops.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/smtpd/session/session_house.h"

namespace headgate::session {
namespace {

using std::chrono::milliseconds;

class SessionLoopsTest : public testing::Test {
 protected:
  SessionLoops::Loop loop(std::size_t number) {
    return {io_.get_executor(), house_.services(), [this, number] { return used_[number]; }};
  }

  // A tenth of a second, of which each loop was busy for so long.
  void pass(std::array<milliseconds, 3> busy) {
    house_.env.advance(milliseconds(100));
    for (std::size_t i = 0; i < busy.size(); ++i) used_[i] += busy[i];
  }

  aio::io_context io_;
  SessionHouse house_;
  std::array<std::chrono::nanoseconds, 3> used_{};
  SessionLoops loops_{house_.env, {loop(0), loop(1), loop(2)}};
};

TEST_F(SessionLoopsTest, HomeKeepsThemAsLongAsItHasTime) {
  for (std::size_t i = 0; i < SessionLoops::kAtHome; ++i) {
    EXPECT_EQ(loops_.choose(), 0U);
    pass({milliseconds(50), milliseconds(0), milliseconds(0)});
  }
}

TEST_F(SessionLoopsTest, ManySessionsAreShared) {
  for (std::size_t i = 0; i < SessionLoops::kAtHome; ++i) EXPECT_EQ(loops_.choose(), 0U);
  EXPECT_EQ(loops_.choose(), 1U);
  EXPECT_EQ(loops_.choose(), 2U);
  EXPECT_EQ(loops_.choose(), 1U);
  loops_.ended(0);
  EXPECT_EQ(loops_.choose(), 0U);
}

TEST_F(SessionLoopsTest, ABusyHomeGivesThemAway) {
  EXPECT_EQ(loops_.choose(), 0U);
  pass({milliseconds(85), milliseconds(10), milliseconds(10)});
  EXPECT_EQ(loops_.choose(), 1U);
  EXPECT_EQ(loops_.choose(), 2U);
  loops_.ended(0);
  EXPECT_EQ(loops_.choose(), 0U) << "nobody has fewer";
  pass({milliseconds(10), milliseconds(10), milliseconds(10)});
  EXPECT_EQ(loops_.choose(), 0U);
  EXPECT_EQ(loops_.choose(), 0U);
}

TEST_F(SessionLoopsTest, ASaturatedLoopIsTheLastToBeAsked) {
  EXPECT_EQ(loops_.choose(), 0U);
  pass({milliseconds(100), milliseconds(100), milliseconds(10)});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(loops_.choose(), 2U);
  pass({milliseconds(100), milliseconds(100), milliseconds(100)});
  EXPECT_EQ(loops_.choose(), 1U) << "all are: the fewest sessions";
}

TEST_F(SessionLoopsTest, TheClocksAreNotReadForEachSession) {
  EXPECT_EQ(loops_.choose(), 0U);
  used_[0] += milliseconds(100);  // in no time
  EXPECT_EQ(loops_.choose(), 0U);
  house_.env.advance(milliseconds(10));
  EXPECT_EQ(loops_.choose(), 0U);
  house_.env.advance(SessionLoops::kLook);
  EXPECT_EQ(loops_.choose(), 1U);
}

TEST_F(SessionLoopsTest, OneLoopIsHome) {
  SessionLoops alone{house_.env, {loop(0)}};
  pass({milliseconds(100), milliseconds(0), milliseconds(0)});
  for (std::size_t i = 0; i < 2 * SessionLoops::kAtHome; ++i) EXPECT_EQ(alone.choose(), 0U);
  EXPECT_EQ(alone.sessions(0), 2 * SessionLoops::kAtHome);
}

}  // namespace
}  // namespace headgate::session
