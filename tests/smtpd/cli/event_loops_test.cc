#include "smtpd/cli/event_loops.h"

#include <future>

#include <gtest/gtest.h>

#include "tests/smtpd/session/session_house.h"

namespace headgate::cli {
namespace {

class EventLoopsTest : public testing::Test {
 protected:
  ~EventLoopsTest() override { disk_.join(); }

  aio::io_context io_;
  aio::thread_pool disk_{1};
  SystemEnv env_;
  session::SessionHouse house_;
  session::Services services_{house_.spool, house_.door, house_.loop,
                              env_,         house_.log,  house_.stress};
  EventLoops loops_{io_.get_executor(), services_, 2, disk_, [](const aio::any_io_executor&) {
                      return std::make_unique<session::FakeQueueDoor>();
                    }};
};

TEST_F(EventLoopsTest, EachOfTheOthersHasAThread) {
  ASSERT_EQ(loops_.sessions().size(), 3U);
  std::set<std::thread::id> threads{std::this_thread::get_id()};
  for (std::size_t i = 1; i < 3; ++i) {
    std::promise<std::thread::id> thread;
    aio::post(loops_.sessions().at(i).executor,
              [&thread] { thread.set_value(std::this_thread::get_id()); });
    threads.insert(thread.get_future().get());
  }
  EXPECT_EQ(threads.size(), 3U);
}

TEST_F(EventLoopsTest, TheTimeOfAThreadIsItsOwn) {
  const auto used = [this](std::size_t loop) { return loops_.sessions().at(loop).cpu_time(); };
  const std::chrono::nanoseconds home = used(0), first = used(1), second = used(2);
  std::promise<void> done;
  aio::post(loops_.sessions().at(1).executor, [&] {
    while (used(1) - first < std::chrono::milliseconds(30)) {
    }
    done.set_value();
  });
  done.get_future().get();
  EXPECT_GE(used(1) - first, std::chrono::milliseconds(30));
  EXPECT_LT(used(2) - second, std::chrono::milliseconds(30));
  EXPECT_GE(used(0), home);
}

TEST_F(EventLoopsTest, ALoopThatIsHeldUpIsLate) {
  session::SessionLoops& sessions = loops_.sessions();
  for (std::size_t i = 0; i <= session::SessionLoops::kAtHome; ++i)
    static_cast<void>(sessions.choose());
  ASSERT_EQ(sessions.sessions(1), 1U);
  ASSERT_EQ(sessions.sessions(2), 0U);
  std::promise<void> held, go;
  std::future<void> went = go.get_future();
  aio::post(sessions.at(1).executor, [&] {
    held.set_value();
    went.get();
  });
  held.get_future().get();
  while (loops_.lag() < std::chrono::milliseconds(20)) {  // not answered yet
  }
  go.set_value();
  std::promise<void> answered;  // in its turn: after the probe
  aio::post(sessions.at(1).executor, [&answered] { answered.set_value(); });
  answered.get_future().get();
  EXPECT_GE(loops_.lag(), std::chrono::milliseconds(20)) << "answered, and late";
}

TEST(EventLoops, HowMany) {
  EXPECT_EQ(event_loops(1), 1U);
  EXPECT_EQ(event_loops(3), 3U);
  EXPECT_GE(event_loops(0), 1U);
  EXPECT_LE(event_loops(0), 8U);
  EXPECT_EQ(event_loops(1'000'000), 64U);
}

}  // namespace
}  // namespace headgate::cli
