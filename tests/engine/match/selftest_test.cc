#include "engine/match/selftest.h"

#include <gtest/gtest.h>

namespace headgate::match {
namespace {

TEST(SelfTest, ThisMachinesLibraryIsSound) {
  const SelfTest test = run_selftest();
  EXPECT_TRUE(test.ok) << test.problem;
  EXPECT_TRUE(test.missed.empty());
  EXPECT_FALSE(test.library.empty());
}

}  // namespace
}  // namespace headgate::match
