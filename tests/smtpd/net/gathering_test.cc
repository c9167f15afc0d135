// What several loops wait for is done together, and everybody comes back on his own.
#include "smtpd/net/gathering.h"

#include <atomic>
#include <future>
#include <latch>
#include <new>
#include <thread>

#include <gtest/gtest.h>

#include "tests/smtpd/net/piece.h"
#include "tests/support/fake_env.h"

namespace headgate::net {
namespace {

using testing_support::FakeEnv;

struct Watch {
  std::atomic<int> back = 0, wrong = 0, thrown = 0;
};

Task<void> send(Gathering<Piece>& gathering, aio::io_context& loop, int number, int times,
                Watch& watch) {
  for (int i = 0; i < times; ++i) {
    Piece piece(number);
    co_await gathering.run(loop.get_executor(), piece);
    ++watch.back;
    if (piece.thrown) ++watch.thrown;
    const bool at_home = loop.get_executor().running_in_this_thread();
    if (!at_home || piece.answer != 2 * number) ++watch.wrong;
  }
}

TEST(Gathering, SeveralLoopsShareBatches) {
  FakeEnv env;
  aio::thread_pool pool(4);
  std::vector<std::size_t> sizes;
  std::atomic<int> inside{0};
  std::latch all_wait(1);
  Gathering<Piece> gathering(pool, 2, env, [&](std::span<Piece* const> pieces) {
    EXPECT_EQ(++inside, 1) << "the disk is not slow";
    if (sizes.empty()) all_wait.wait();
    sizes.push_back(pieces.size());
    for (Piece* piece : pieces) piece->answer = 2 * piece->number;
    --inside;
  });
  Watch watch;
  aio::io_context one, other;
  for (int i = 0; i < 8; ++i) {
    aio::io_context& loop = i % 2 == 0 ? one : other;
    aio::co_spawn(loop, send(gathering, loop, i, 100, watch), aio::detached);
  }
  one.poll();  // everybody is in the first batch or waits for the second
  other.poll();
  all_wait.count_down();
  {
    std::jthread first([&] { one.run(); }), second([&] { other.run(); });
  }
  pool.join();
  EXPECT_EQ(watch.back, 800);
  EXPECT_EQ(watch.wrong, 0);
  ASSERT_GT(sizes.size(), 1U);
  EXPECT_GE(sizes[0] + sizes[1], 8U);
}

TEST(Gathering, SlowBatchesAreDoneBesideEachOther) {
  constexpr std::chrono::seconds kPatience{20};
  FakeEnv env;
  aio::io_context io;
  aio::thread_pool pool(4);
  std::promise<void> first_began, second_began;
  Gathering<Piece> gathering(pool, 2, env, [&](std::span<Piece* const> pieces) {
    for (Piece* piece : pieces) {
      piece->answer = 2 * piece->number;
      if (piece->number == 0) env.advance(Gathering<Piece>::kSlow * 2);
      if (piece->number == 2) second_began.set_value();
      if (piece->number != 1) continue;
      first_began.set_value();
      EXPECT_EQ(second_began.get_future().wait_for(kPatience), std::future_status::ready);
    }
  });
  Watch watch;
  const auto start = [&](int number) {
    aio::co_spawn(io, send(gathering, io, number, 1, watch), aio::detached);
  };
  start(0);
  io.run();  // that took long
  io.restart();
  start(1);
  io.poll();
  ASSERT_EQ(first_began.get_future().wait_for(kPatience), std::future_status::ready);
  start(2);
  io.run();
  pool.join();
  EXPECT_EQ(watch.back, 3);
  EXPECT_EQ(watch.wrong, 0);
}

TEST(Gathering, AnExceptionIsToldToAllOfTheBatch) {
  FakeEnv env;
  aio::io_context io;
  aio::thread_pool pool(1);
  Gathering<Piece> gathering(pool, 1, env, [](std::span<Piece* const>) { throw std::bad_alloc(); });
  Watch watch;
  for (int i = 0; i < 3; ++i) aio::co_spawn(io, send(gathering, io, i, 1, watch), aio::detached);
  io.run();
  pool.join();
  EXPECT_EQ(watch.thrown, 3);
}

}  // namespace
}  // namespace headgate::net
