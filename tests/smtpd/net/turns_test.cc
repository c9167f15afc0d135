// Work in turn: what does not end holds up only its own key, and those who wait for it give up.
#include "smtpd/net/turns.h"

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace headgate::net {
namespace {

constexpr std::chrono::minutes kPatience{10};
constexpr std::chrono::milliseconds kNoPatience{1};

class TurnsTest : public testing::Test {
 protected:
  ~TurnsTest() override { release(); }

  void release() {
    if (!std::exchange(released_, true)) promise_.set_value();
  }

  std::future<Result<void>> start(const void* key, Turns::Work work,
                                  std::chrono::milliseconds patience = kPatience) {
    return aio::co_spawn(io_.get_executor(), turns_.run(key, patience, std::move(work)),
                         aio::use_future);
  }

  // Work that ends at release().
  Turns::Work stuck() {
    return [released = future_]() -> Result<void> {
      released.wait();
      return {};
    };
  }

  Turns::Work releasing() {
    return [this]() -> Result<void> {
      release();
      return {};
    };
  }

  static Result<void> nothing() { return {}; }

  aio::io_context io_;
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
  bool released_ = false;
  Turns turns_{1};
};

// The first ones do not end before the last has: as behind a pattern that regexec does not end, tried again by reload
// after reload.
TEST_F(TurnsTest, OtherKeysDoNotWait) {
  const std::array<int, 12> old_tables{};
  const int new_tables = 0;
  std::vector<std::future<Result<void>>> all;
  for (const int& tables : old_tables) all.push_back(start(&tables, stuck()));
  all.push_back(start(&new_tables, releasing()));
  io_.run();
  for (auto& done : all) EXPECT_TRUE(done.get());
}

Task<void> fail_twice_then(Turns& turns, std::shared_ptr<std::atomic<bool>> began,
                           std::vector<Code>& codes, std::function<void()> then) {
  const Turns::Work work = [began]() -> Result<void> {
    *began = true;
    return {};
  };
  for (int i = 0; i < 2; ++i) {
    const Result<void> done = co_await turns.run(nullptr, kNoPatience, work);
    codes.push_back(done ? Code::bug : done.error().code);
  }
  then();
}

// When its turn comes nothing is done, and the next one is served.
TEST_F(TurnsTest, WorkIsGivenUpWhenItsTurnDoesNotCome) {
  std::vector<Code> codes;
  const auto began = std::make_shared<std::atomic<bool>>(false);
  auto first = start(nullptr, stuck());
  aio::co_spawn(io_.get_executor(), fail_twice_then(turns_, began, codes, [this] { release(); }),
                aio::detached);
  auto last = start(nullptr, nothing);
  io_.run();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(last.get());
  EXPECT_EQ(codes, (std::vector{Code::timeout, Code::timeout}));
  EXPECT_FALSE(*began);
}

// A thread that never comes back must not keep what was given up: it would be without end.
TEST_F(TurnsTest, NothingIsKeptOfWhatWasGivenUp) {
  std::vector<Code> codes;
  auto began = std::make_shared<std::atomic<bool>>(false);
  const std::weak_ptr<std::atomic<bool>> kept = began;
  bool gone = false;
  auto first = start(nullptr, stuck());
  aio::co_spawn(io_.get_executor(), fail_twice_then(turns_, std::move(began), codes, [] {}),
                [&](const std::exception_ptr&) {
                  gone = kept.expired();
                  release();
                });
  io_.run();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(gone);
}

// The last waits longer than its patience, behind others who are served.
TEST_F(TurnsTest, AQueueThatMovesIsWaitedOut) {
  static constexpr std::chrono::milliseconds kLittlePatience{5000};
  std::vector<std::future<Result<void>>> all;
  const Turns::Work slow = []() -> Result<void> {
    std::this_thread::sleep_for(kLittlePatience / 20);
    return {};
  };
  for (int i = 0; i < 24; ++i) all.push_back(start(nullptr, slow, kLittlePatience));
  io_.run();
  for (auto& done : all) EXPECT_TRUE(done.get());
}

// However patient, and although the queue moves: each of those before the last takes a quarter of the longest wait.
TEST_F(TurnsTest, NoWaitIsLongerThanTheLongest) {
  static constexpr std::chrono::milliseconds kLongest{1000};
  Turns turns(1, Turns::kContentChecks, kLongest);
  const auto start_one = [&](const Turns::Work& work) {
    return aio::co_spawn(io_.get_executor(), turns.run(nullptr, kPatience, work), aio::use_future);
  };
  const Turns::Work slow = []() -> Result<void> {
    std::this_thread::sleep_for(kLongest / 4);
    return {};
  };
  bool began = false;
  const Turns::Work work = [&began]() -> Result<void> {
    began = true;
    return {};
  };
  std::vector<std::future<Result<void>>> before;
  for (int i = 0; i < 12; ++i) before.push_back(start_one(slow));
  auto last = start_one(work);
  io_.run();
  const Result<void> given_up = last.get();
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().code, Code::timeout);
  EXPECT_FALSE(began);
}

TEST_F(TurnsTest, AnExceptionIsAnError) {
  const Turns::Work works[] = {[]() -> Result<void> { throw std::bad_alloc(); },
                               []() -> Result<void> { throw 1; }};
  for (const Turns::Work& work : works) {
    auto result = start(nullptr, work);
    io_.run();
    io_.restart();
    const Result<void> done = result.get();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::bug);
  }
}

Task<void> run_some(Turns& turns, const Turns::Work& work) {
  for (int i = 0; i < 20; ++i) {
    const Result<void> done = co_await turns.run(nullptr, kPatience, work);
    EXPECT_TRUE(done);
  }
}

// As many at a time as a key may have threads, and they really are at work together.
TEST_F(TurnsTest, AKeyHasItsThreadsAtOnce) {
  Turns three(3);
  std::atomic<int> inside = 0, most = 0;
  const Turns::Work work = [&]() -> Result<void> {
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    while (most < 3) std::this_thread::yield();
    --inside;
    return {};
  };
  for (int i = 0; i < 8; ++i)
    aio::co_spawn(io_.get_executor(), run_some(three, work), aio::detached);
  io_.run();
  EXPECT_EQ(most, 3);
}

}  // namespace
}  // namespace headgate::net
