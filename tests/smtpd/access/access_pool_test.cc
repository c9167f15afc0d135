#include "smtpd/access/access_pool.h"

#include <latch>
#include <new>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "support.h"

namespace headgate::access {
namespace {

constexpr auto kCopies = static_cast<std::ptrdiff_t>(AccessPool::kCopies);

// All copies are asked at once: none of the questions ends before the last one has begun.
TEST(AccessPool, AsksItsCopiesAtTheSameTime) {
  NoPrograms programs;
  SharedTables tables;
  AccessPool pool(std::make_shared<const config::Settings>(example_settings()), programs, tables);
  std::latch all_asked(kCopies);
  std::mutex mutex;
  std::set<const Access*> asked;
  std::vector<std::thread> threads;
  for (std::ptrdiff_t i = 0; i < kCopies; ++i) {
    threads.emplace_back([&] {
      const Decision decision = pool.ask([&](Access& access) {
        all_asked.arrive_and_wait();
        const std::lock_guard lock(mutex);
        asked.insert(&access);
        Context context;
        context.recipient = "x@other.example";
        return access.recipient(context);
      });
      EXPECT_FALSE(decision.permits());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(asked.size(), AccessPool::kCopies);
}

TEST(AccessPool, AQuestionThatThrowsGivesItsCopyBack) {
  NoPrograms programs;
  SharedTables tables;
  AccessPool pool(std::make_shared<const config::Settings>(example_settings()), programs, tables);
  for (std::ptrdiff_t i = 0; i < 2 * kCopies; ++i)
    EXPECT_THROW(pool.ask([](Access&) -> Decision { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_TRUE(pool.ask([](Access& access) { return access.client(Context()); }).permits());
}

// More threads than copies: each is answered, and never by a copy that another one asks.
TEST(AccessPool, ACopyHasOneOwnerAtATime) {
  NoPrograms programs;
  SharedTables tables;
  AccessPool pool(std::make_shared<const config::Settings>(example_settings()), programs, tables);
  std::mutex mutex;
  std::multiset<const Access*> asked;
  std::size_t most = 0;
  const auto count = [&](const Access& access) {
    const std::lock_guard lock(mutex);
    asked.insert(&access);
    most = std::max(most, asked.count(&access));
  };
  std::vector<std::thread> threads;
  for (std::ptrdiff_t i = 0; i < 3 * kCopies; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        pool.ask([&](Access& access) {
          count(access);
          Decision decision = access.client(Context());
          const std::lock_guard lock(mutex);
          asked.erase(asked.find(&access));
          return decision;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1U);
}

}  // namespace
}  // namespace headgate::access
