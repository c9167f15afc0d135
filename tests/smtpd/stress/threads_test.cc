// What FRONT's loops share, used from several threads at once: for the thread sanitizer, and for counts that must agree.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "smtpd/stress/controller.h"
#include "smtpd/stress/house.h"
#include "smtpd/stress/seats.h"
#include "tests/support/log_collector.h"

namespace headgate::stress {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 4, kRounds = 2000;

template <class Work>
void on_all_threads(const Work& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(Threads, ClientsAreCountedOnce) {
  SystemEnv env;
  testing_support::LogCollector log;
  House house(env, log);
  on_all_threads([&](int number) {
    for (int i = 0; i < kRounds; ++i) {
      const std::string ident = std::to_string(i % 10);
      static_cast<void>(house.anvil.connected(ident));
      static_cast<void>(house.anvil.count(ident, Anvil::Rate::message));
      house.anvil.disconnected(ident);
      house.reputation.strike(ident);
      if (i % 100 == number) house.reputation.accepted(ident);
      static_cast<void>(house.reputation.standing(ident));
      const CommitClock::Lap lap(house.commits);
      house.tally.add(Cause::errors);
    }
  });
  EXPECT_EQ(house.anvil.rate("3", Anvil::Rate::message), kThreads * kRounds / 10);
  EXPECT_EQ(house.tally.of(Cause::errors), kThreads * kRounds);
  EXPECT_EQ(house.anvil.entries(), 10U);
}

// Sessions sit down, wait and are sent away on all threads; who is woken was chosen once, and its slot passed on once.
TEST(Threads, ASeatIsGivenAwayOnce) {
  SystemEnv env;
  testing_support::LogCollector log;
  House house(env, log);
  Seats seats(env, house.reputation);
  Slots slots(3);
  Policy policy;
  policy.eligible = policy.switches = true;
  Controller controller(policy, env, log, house.signals, house.history);
  std::atomic<int> woken = 0, left = 0, evicted = 0;
  on_all_threads([&](int number) {
    for (int i = 0; i < kRounds; ++i) {
      const bool evicts = seats.evict(Standing::good, 0ms, 0ms);
      if (evicts) ++evicted;
      if (!evicts && !slots.take()) continue;
      controller.taken(slots);
      Seat seat(seats, std::to_string(number), false, [&woken] { ++woken; });
      seat.waits({});
      std::this_thread::yield();
      if (seat.resumes()) {
        ++left;
      } else {
        slots.release();
        controller.released(slots);
      }
    }
  });
  EXPECT_EQ(woken, left);
  EXPECT_EQ(woken, evicted);
  EXPECT_EQ(slots.in_use(), 0);
  EXPECT_EQ(seats.evictions(), static_cast<std::uint64_t>(evicted));
}

}  // namespace
}  // namespace headgate::stress
