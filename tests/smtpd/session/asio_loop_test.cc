// Inspections: apart from the loop, and never two at once that ask the same tables.
#include "smtpd/session/asio_loop.h"

#include <array>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::session {
namespace {

constexpr std::chrono::minutes kPatience{10};
constexpr std::chrono::milliseconds kNoPatience{1};

struct Watch {
  std::atomic<int> inside{0}, most{0}, done{0}, on_loop{0};
  std::thread::id loop = std::this_thread::get_id();
  int unguarded = 0;  // what the tables of a CheckSet are: one owner at a time
};

Task<void> inspect_some(AsioLoop& loop, const void* tables, Watch& watch) {
  const std::function<Result<void>()> work = [&watch]() -> Result<void> {
    watch.most = std::max(watch.most.load(), ++watch.inside);
    if (std::this_thread::get_id() == watch.loop) ++watch.on_loop;
    for (int i = 0; i < 100; ++i) {
      ++watch.unguarded;
      std::this_thread::yield();
    }
    --watch.inside;
    return {};
  };
  for (int i = 0; i < 20; ++i) {
    const Result<void> done = co_await loop.inspect(tables, kPatience, work);
    if (done) ++watch.done;
  }
}

TEST(AsioLoop, InspectsOneAtATimeAndNotOnTheLoop) {
  aio::io_context io;
  aio::thread_pool pool(4);
  AsioLoop loop(pool);
  Watch watch;
  for (int i = 0; i < 8; ++i)
    aio::co_spawn(io.get_executor(), inspect_some(loop, &watch, watch), aio::detached);
  io.run();
  EXPECT_EQ(watch.done, 160);
  EXPECT_EQ(watch.unguarded, 16000);
  EXPECT_EQ(watch.most, 1);
  EXPECT_EQ(watch.on_loop, 0);
  pool.join();
}

// The first ones do not end before the last has: as behind a pattern that regexec does not end, tried again by reload
// after reload.
TEST(AsioLoop, OtherTablesDoNotWait) {
  aio::io_context io;
  aio::thread_pool pool(1);
  AsioLoop loop(pool);
  std::promise<void> last;
  const std::shared_future<void> released = last.get_future().share();
  const std::function<Result<void>()> stuck = [released]() -> Result<void> {
    released.wait();
    return {};
  };
  const std::function<Result<void>()> free = [&last]() -> Result<void> {
    last.set_value();
    return {};
  };
  const std::array<int, 12> old_tables{};
  const int new_tables = 0;
  std::vector<std::future<Result<void>>> all;
  for (const int& tables : old_tables)
    all.push_back(
        aio::co_spawn(io.get_executor(), loop.inspect(&tables, kPatience, stuck), aio::use_future));
  all.push_back(aio::co_spawn(io.get_executor(), loop.inspect(&new_tables, kPatience, free),
                              aio::use_future));
  io.run();
  for (auto& done : all) EXPECT_TRUE(done.get());
  pool.join();
}

Task<void> give_up_behind(AsioLoop& loop, std::promise<void>& release, std::vector<Code>& codes,
                          bool& began) {
  const std::function<Result<void>()> work = [&began]() -> Result<void> {
    began = true;
    return {};
  };
  for (int i = 0; i < 2; ++i) {
    const Result<void> done = co_await loop.inspect(nullptr, kNoPatience, work);
    codes.push_back(done ? Code::bug : done.error().code);
  }
  release.set_value();
}

// Its place in the queue is nobody's: when its turn comes nothing is done, and the next one is served.
TEST(AsioLoop, WorkIsGivenUpWhenItsTurnDoesNotCome) {
  aio::io_context io;
  aio::thread_pool pool(1);
  AsioLoop loop(pool);
  std::promise<void> release;
  const std::function<Result<void>()> stuck = [&release]() -> Result<void> {
    release.get_future().wait();
    return {};
  };
  const std::function<Result<void>()> next = []() -> Result<void> { return {}; };
  std::vector<Code> codes;
  bool began = false;
  auto first =
      aio::co_spawn(io.get_executor(), loop.inspect(nullptr, kPatience, stuck), aio::use_future);
  aio::co_spawn(io.get_executor(), give_up_behind(loop, release, codes, began), aio::detached);
  auto last =
      aio::co_spawn(io.get_executor(), loop.inspect(nullptr, kPatience, next), aio::use_future);
  io.run();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(last.get());
  EXPECT_THAT(codes, testing::ElementsAre(Code::timeout, Code::timeout));
  EXPECT_FALSE(began);
  pool.join();
}

TEST(AsioLoop, AnExceptionIsAnError) {
  aio::io_context io;
  aio::thread_pool pool(1);
  AsioLoop loop(pool);
  const std::function<Result<void>()> work = []() -> Result<void> { throw std::bad_alloc(); };
  auto result =
      aio::co_spawn(io.get_executor(), loop.inspect(nullptr, kPatience, work), aio::use_future);
  io.run();
  const Result<void> done = result.get();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::bug);
  pool.join();
}

}  // namespace
}  // namespace headgate::session
