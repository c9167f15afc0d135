// Two tables and a key: whether what comes of it is the same.
#include "engine/rules/compare.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"

namespace headgate::rules {
namespace {

std::shared_ptr<const Program> compiled(Dialect dialect, const std::string& text) {
  compiler::CompileOptions options;
  options.use_hyperscan = false;
  return compiler::compile_text(dialect, "t", text, options).full;
}

TEST(Comparison, WhatCountsIsTheOutcome) {
  struct Row {
    const char *before, *after, *key;
    bool same;
  };

  const Row rows[] = {
      {"/a/ X\n", "/a/ X\n", "a", true},
      {"/a/ X\n", "/a/ X\n", "b", true},
      {"/a/ X\n", "# moved\n/[a]/ X\n", "a", true},
      {"/a/ X\n", "/a/ Y\n", "a", false},
      {"/a/ X\n", "/b/ X\n", "a", false},
      {"/a/ X\n", "/b/ X\n", "b", false},
      {"/(a+)b/ X $1\n", "/(a*)b/ X $1\n", "aab", true},
      {"/(a+)b/ X $1\n", "/(a)+b/ X $1\n", "aab", false},
      {"/(a+)b/ X $1\n", "/(a)+b/ X $1\n", "ab", true},
      {"/a/ X\n", "/(a/ X\n", "a", false},  // a rule that is skipped
      {"if /a/\n/b/ X\nendif\n/c/ Y\n", "/a.*b|b.*a/ X\n/c/ Y\n", "b c a", true},
  };
  for (const Row& row : rows) {
    Comparison comparison(compiled(Dialect::pcre, row.before), compiled(Dialect::pcre, row.after));
    EXPECT_EQ(!comparison.compare(row.key), row.same) << row.before << row.after << row.key;
  }
}

TEST(Comparison, TellsBothAnswers) {
  Comparison comparison(compiled(Dialect::regexp, "/x/ DUNNO\n/x?(a|ab)/ W $1\n"),
                        compiled(Dialect::pcre, "/x?(a|ab)/ W $1\n"));
  const auto found = comparison.compare("abc");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->before.value, "W ab");  // the longest by POSIX
  EXPECT_EQ(found->before.line, 2);
  EXPECT_EQ(found->after.value, "W a");  // the first by PCRE2
  EXPECT_EQ(found->after.line, 1);
  EXPECT_TRUE(found->after.failures.empty());
}

TEST(Comparison, AnEngineThatGivesUpIsAnotherOutcome) {
  const std::string key = "x" + std::string(40, 'a') + "!";
  const auto explodes = compiled(Dialect::pcre, "/x(a+)+(b+)+$/ X\n");
  Comparison with_plain(explodes, compiled(Dialect::pcre, "/xa+b+$/ X\n"));
  EXPECT_FALSE(with_plain.compare("xab"));
  const auto give_up = compiled(Dialect::pcre, "/^x(a|a|aa)+$/ X\n");
  Comparison comparison(give_up, compiled(Dialect::pcre, "/^xa+$/ X\n"));
  const auto found = comparison.compare(key);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->before.failures.size(), 1U);
  EXPECT_NE(found->before.failures[0].find("match limit"), std::string::npos)
      << found->before.failures[0];
  EXPECT_TRUE(found->after.failures.empty());
  EXPECT_FALSE(Comparison(give_up, give_up).compare(key));
}

}  // namespace
}  // namespace headgate::rules
