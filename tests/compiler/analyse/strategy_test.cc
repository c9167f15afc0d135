#include "compiler/analyse/strategy.h"

#include <gtest/gtest.h>

namespace headgate::analyse {
namespace {

TEST(Strategy, SaysHowAndWhy) {
  struct Row {
    const char* pattern;
    How how;
    const char* reason;
  };

  const Row rows[] = {
      {"^Subject: viagra", How::native, ""},
      {"foo(?!bar)", How::prefilter, "look-around"},
      {"(a+)+$", How::confirm_only, "repeats that can run into the match limit"},
      {".*", How::confirm_only, "can match an empty text"},
      {"a(?1)(b)", How::confirm_only, "group (?1"},
      {"(?:[a-z][0-9]{200}[a-z]){120}", How::prefilter, "large repeat"},
  };
  for (const Row& row : rows) {
    front::Pattern pattern;
    pattern.text = row.pattern;
    const Plan plan = plan_pattern(front::Dialect::pcre, pattern, 10'000'000);
    EXPECT_EQ(plan.how, row.how) << row.pattern;
    EXPECT_EQ(plan.reason, row.reason) << row.pattern;
  }
}

TEST(Strategy, RegexpHasNoMatchLimit) {
  front::Pattern pattern;
  pattern.text = "(a+)+$";
  EXPECT_EQ(plan_pattern(front::Dialect::regexp, pattern, 0).how, How::native);
}

}  // namespace
}  // namespace headgate::analyse
