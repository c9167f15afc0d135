#include "bench/peers/bounded.h"

#include <unistd.h>

#include <new>

namespace headgate::peers {
namespace {

using std::chrono::milliseconds;

TEST(Bounded, GivesTheResult) {
  const std::string large(300'000, 'x');
  const auto result = run_bounded({}, [&] { return large; });
  ASSERT_TRUE(result);
  EXPECT_EQ(large, *result);
}

TEST(Bounded, EndsWhatTakesTooLong) {
  Bounds bounds;
  bounds.time = milliseconds(50);
  int ticks = 0;
  bounds.tick = [&] { ++ticks; };
  const auto result = run_bounded(bounds, []() -> std::string {
    for (;;) ::pause();
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(Code::timeout, result.error().code);
  EXPECT_EQ("not done after 0.05 s", result.error().text());
  EXPECT_GT(ticks, 0);
}

TEST(Bounded, TellsOfADeath) {
  const auto result = run_bounded({}, []() -> std::string { throw std::bad_alloc(); });
  ASSERT_FALSE(result);
  EXPECT_EQ(Code::limit, result.error().code);
}

}  // namespace
}  // namespace headgate::peers
