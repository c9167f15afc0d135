// Batches gather while one is under way, and everybody comes back on the loop with what became of his own work.
#include "smtpd/net/batcher.h"

#include <atomic>
#include <new>
#include <thread>

#include <gtest/gtest.h>

#include "tests/smtpd/net/piece.h"

namespace headgate::net {
namespace {

struct Watch {
  std::thread::id loop = std::this_thread::get_id();
  int back = 0, wrong = 0, thrown = 0;
};

Task<void> send(Batcher<Piece>& batcher, int number, int times, Watch& watch) {
  for (int i = 0; i < times; ++i) {
    Piece piece(number);
    co_await batcher.run(piece);
    ++watch.back;
    if (piece.thrown) ++watch.thrown;
    if (std::this_thread::get_id() != watch.loop || piece.answer != 2 * number) ++watch.wrong;
  }
}

TEST(Batcher, WhatIsReadyAtTheSameTimeIsOneBatch) {
  aio::io_context io;
  aio::thread_pool pool(4);
  std::vector<std::size_t> sizes;
  std::atomic<int> inside{0};
  Batcher<Piece> batcher(io.get_executor(), pool, 1, [&](std::span<Piece* const> pieces) {
    EXPECT_EQ(++inside, 1);
    sizes.push_back(pieces.size());
    for (Piece* piece : pieces) piece->answer = 2 * piece->number;
    --inside;
  });
  Watch watch;
  for (int i = 0; i < 8; ++i) aio::co_spawn(io, send(batcher, i, 100, watch), aio::detached);
  io.run();
  pool.join();
  EXPECT_EQ(watch.back, 800);
  EXPECT_EQ(watch.wrong, 0);
  EXPECT_EQ(sizes.front(), 8u);
  EXPECT_LT(sizes.size(), 800u);
}

TEST(Batcher, AnExceptionIsToldToAllOfTheBatch) {
  aio::io_context io;
  aio::thread_pool pool(1);
  Batcher<Piece> batcher(io.get_executor(), pool, 2,
                         [](std::span<Piece* const>) { throw std::bad_alloc(); });
  Watch watch;
  for (int i = 0; i < 3; ++i) aio::co_spawn(io, send(batcher, i, 1, watch), aio::detached);
  io.run();
  pool.join();
  EXPECT_EQ(watch.thrown, 3);
}

Task<void> run_errands(Errands& errands, int& sum, bool& thrown) {
  auto good = [] { return 7; };
  sum += co_await errands.run(good);
  auto bad = []() -> int { throw std::bad_alloc(); };
  try {
    sum += co_await errands.run(bad);
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
}

TEST(Errands, GiveBackWhatTheWorkReturnsOrThrows) {
  aio::io_context io;
  aio::thread_pool pool(1);
  Errands errands(io.get_executor(), pool);
  int sum = 0;
  bool thrown = false;
  aio::co_spawn(io, run_errands(errands, sum, thrown), aio::detached);
  io.run();
  pool.join();
  EXPECT_EQ(sum, 7);
  EXPECT_TRUE(thrown);
}

}  // namespace
}  // namespace headgate::net
