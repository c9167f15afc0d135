#include "compiler/back/trial.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/rules/program_lookup.h"

namespace headgate::back {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Trial, WhatPeopleWriteNeedsNone) {
  for (const std::string_view pattern :
       {"^Subject:.*viagra", "^(From|To|Cc):.*@(example|test)\\.(com|net)", "[0-9]{1,3}",
        "^X-Mailer: .{20,}", "a*b+c?", "(a+)+", "\\{x\\}", "^[^ ]+ +.*\\?+$"}) {
    EXPECT_FALSE(needs_trial(pattern)) << pattern;
  }
}

struct Bomb {
  const char* what;
  std::string pattern;
};

class Bombs : public testing::TestWithParam<Bomb> {};

TEST_P(Bombs, AreRefusedAndCostTheirOwnRuleOnly) {
  const std::string& pattern = GetParam().pattern;
  ASSERT_TRUE(needs_trial(pattern));
  const auto table = compiler::compile_text(rules::Dialect::regexp, "t",
                                            "/" + pattern + "/ BOMB\n/safe/ FOUND\n", {});
  ASSERT_EQ(table.diagnostics.size(), 1U);
  EXPECT_TRUE(
      table.diagnostics[0].text.starts_with("regexp map t, line 1: this pattern takes too ") &&
      table.diagnostics[0].text.ends_with(" to compile: skipping this rule"))
      << table.diagnostics[0].text;
  rules::ProgramLookup lookup(table.full, "regexp:t", nullptr);
  EXPECT_EQ((*lookup.find("safe"))->value, "FOUND");
}

INSTANTIATE_TEST_SUITE_P(
    Regcomp, Bombs,
    testing::Values(Bomb{"stacked_intervals", "(^^\\?||\\^{0,1}{,2}{,2}{2}{2}+?(a*)+)"},
                    Bomb{"big_interval", "a{1,30000}"},
                    Bomb{"nested_big_intervals", "(a{1,1000}){1,1000}"},
                    Bomb{"stars", "a" + repeated("*", 20000)},
                    Bomb{"parentheses", repeated("(", 50000) + "a" + repeated(")", 50000)}),
    [](const auto& bomb) { return bomb.param.what; });

TEST(Trial, AHeavyPatternThatEndsIsKept) {
  const std::string pattern = "([a-z]{1,60}\\.){1,20}[a-z]{2,60}";
  ASSERT_TRUE(needs_trial(pattern));
  EXPECT_EQ(try_posix(pattern, {}, 0), std::nullopt);
  EXPECT_EQ(try_posix("a{2,1}{3}", {}, 0), std::nullopt) << "regcomp's own error is the caller's";
}

}  // namespace
}  // namespace headgate::back
