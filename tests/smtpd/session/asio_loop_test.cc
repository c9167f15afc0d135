// Inspections: apart from the loop, and never two at once that ask the same tables.
#include "smtpd/session/asio_loop.h"

#include <atomic>
#include <future>
#include <latch>
#include <new>
#include <thread>

#include <gtest/gtest.h>

namespace headgate::session {
namespace {

constexpr std::chrono::minutes kPatience{10};

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
  AsioLoop loop(io.get_executor(), pool);
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

Task<void> ask_once(AsioLoop& loop, const void* tables, std::latch& all, std::atomic<int>& done) {
  const std::function<Result<void>()> work = [&all]() -> Result<void> {
    all.arrive_and_wait();
    return {};
  };
  const Result<void> asked = co_await loop.ask(tables, kPatience, work);
  if (asked) ++done;
}

// None of the questions ends before the last one has begun.
TEST(AsioLoop, AsksAsManyAtATimeAsThereAreCopies) {
  aio::io_context io;
  aio::thread_pool pool(1);
  AsioLoop loop(io.get_executor(), pool);
  constexpr auto kCopies = static_cast<std::ptrdiff_t>(access::AccessPool::kCopies);
  std::latch all(kCopies);
  std::atomic<int> done{0};
  for (std::ptrdiff_t i = 0; i < kCopies; ++i)
    aio::co_spawn(io.get_executor(), ask_once(loop, &done, all, done), aio::detached);
  io.run();
  EXPECT_EQ(done, kCopies);
  pool.join();
}

TEST(AsioLoop, AnExceptionOffTheLoopIsAnError) {
  aio::io_context io;
  aio::thread_pool pool(1);
  AsioLoop loop(io.get_executor(), pool);
  const std::function<Result<void>()> work = []() -> Result<void> { throw std::bad_alloc(); };
  auto result = aio::co_spawn(io.get_executor(), loop.off_loop(work), aio::use_future);
  io.run();
  const Result<void> done = result.get();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::bug);
  pool.join();
}

}  // namespace
}  // namespace headgate::session
