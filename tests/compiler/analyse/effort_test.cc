#include "compiler/analyse/effort.h"

#include <gtest/gtest.h>

namespace headgate::analyse {
namespace {

constexpr std::uint64_t kLimit = 10'000'000;

std::size_t safe(const char* pattern) {
  const Parsed tree = parse_pcre(pattern, front::Flags{});
  return tree ? longest_safe_subject(*tree, kLimit) : 0;
}

TEST(Effort, StraightPatternsAreAlwaysSafe) {
  EXPECT_EQ(safe("^Subject: viagra"), kUnlimited);
  EXPECT_EQ(safe("(foo|bar)(baz)?"), kUnlimited);
}

TEST(Effort, OneRunIsLinearTwoAreQuadratic) {
  EXPECT_GT(safe("^Subject:.*foo"), 1'000'000U);
  EXPECT_GT(safe("^Subject:.*foo.*bar"), 2'048U);
  EXPECT_LT(safe("^Subject:.*foo.*bar"), 10'000U);
  EXPECT_LT(safe("a.*b.*c.*d"), safe("a.*b.*c"));
}

TEST(Effort, NestedRepeatsExplodeUnlessTheyHaveOneWay) {
  EXPECT_EQ(safe("(a+)+$"), 0U);
  EXPECT_EQ(safe("(a|ab|b)*c"), 0U);
  EXPECT_EQ(safe("(?:.*x)*y"), 0U);
  EXPECT_GT(safe("([a-z]+\\.)+com"), 1'000U);
  EXPECT_GT(safe("(foo|bar)+x"), 1'000U);
  EXPECT_GT(safe("(?>a+)+$"), 1'000U);
}

TEST(Effort, WithoutALimitNothingIsTooLong) {
  EXPECT_EQ(longest_safe_subject(*parse_pcre("(a+)+", front::Flags{}), 0), kUnlimited);
}

}  // namespace
}  // namespace headgate::analyse
