#include "tables/type_spec.h"

#include <gtest/gtest.h>

#include <vector>

namespace headgate::tables {

namespace {

TEST(SplitType, AtTheFirstColon) {
  const auto split = split_type("pcre:/etc/a:b");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->type, "pcre");
  EXPECT_EQ(split->name, "/etc/a:b");
}

TEST(SplitType, WithoutColonItIsPostfixDefaultType) {
  const auto split = split_type("aliases");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->type, "hash");
  EXPECT_EQ(split->name, "aliases");
}

TEST(SplitType, BothPartsAreNeeded) {
  EXPECT_EQ(split_type("pcre:").error().what,
            "open dictionary: expecting \"type:name\" form instead of \"pcre:\"");
  EXPECT_EQ(split_type(":x").error().what,
            "open dictionary: expecting \"type:name\" form instead of \":x\"");
}

TEST(BalancedLength, CountsBracesBlindly) {
  const struct {
    std::string_view text;
    std::size_t length;
  } kCases[] = {{"{}", 2}, {"{a{b}c}d", 7}, {"{a", 0}, {"a{}", 0}, {"", 0}, {"{\\}}", 3}, {"}", 0}};

  for (const auto& c : kCases) {
    EXPECT_EQ(balanced_length(c.text), c.length) << c.text;
  }
}

TEST(InsideBraces, TrimsOrSaysWhatIsWrong) {
  EXPECT_EQ(*inside_braces("{ a b }"), "a b");
  EXPECT_EQ(*inside_braces("{}"), "");
  EXPECT_EQ(inside_braces("{a").error().what, "missing '}' in \"{a\"");
  EXPECT_EQ(inside_braces("{a} c").error().what, "syntax error after '}' in \"{a} c\"");
  EXPECT_EQ(inside_braces("a}").error().what, "no '{' at start of text in \"a}\"");
}

TEST(TakeItem, BracesProtectSeparators) {
  std::string_view rest = ", a=b {c = d, e}\tf{ g,},h{ i, j";
  std::vector<std::string_view> items;
  while (const auto item = take_item(rest)) items.push_back(*item);
  EXPECT_EQ(items, (std::vector<std::string_view>{"a=b", "{c = d, e}", "f{ g,}", "h{ i, j"}));
}

}  // namespace

}  // namespace headgate::tables
