#include "compiler/back/lower.h"

#include <gtest/gtest.h>

namespace headgate::back {
namespace {

front::RuleFile parse(std::string_view text, PatternSet& patterns) {
  return front::parse_rules(front::Dialect::pcre, text, "t", "t", patterns,
                            [](const Diagnostic&) {});
}

TEST(Lower, GuardsJumpPastTheirEndif) {
  PatternSet patterns(front::Dialect::pcre, false, "off");
  const auto file = parse("if /a/\n/b/ X\nendif\n/c/ Y\nif /d/\n/e/ Z\n", patterns);
  const auto parts = lower(front::Dialect::pcre, "t", file, patterns.patterns(), Subset::all).parts;
  ASSERT_EQ(parts.ops.size(), 8U);
  EXPECT_EQ(parts.ops[0].target, 3U);
  EXPECT_EQ(parts.ops[1].target, 3U);
  EXPECT_EQ(parts.ops[5].role, rules::Role::guard);
  EXPECT_EQ(parts.ops[5].target, 8U) << "an if without endif ends the lookup";
}

TEST(Lower, EqualPatternsAreShared) {
  PatternSet patterns(front::Dialect::pcre, false, "off");
  const auto file = parse("/a/im X\n/a/mi Y\n/a/ Z\n", patterns);
  const auto parts = lower(front::Dialect::pcre, "t", file, patterns.patterns(), Subset::all).parts;
  EXPECT_EQ(parts.patterns.size(), 2U);
  EXPECT_EQ(parts.ops[0].index, parts.ops[2].index);
}

TEST(Lower, TheEmergencySubsetKeepsGuardsAndLines) {
  PatternSet patterns(front::Dialect::pcre, false, "off");
  const auto file =
      parse("/n/ N\nif /a/\n/b/ B\n#@emergency\n/c/ C\nendif\nif /z/\n/y/ Y\nendif\n", patterns);
  const auto parts =
      lower(front::Dialect::pcre, "t", file, patterns.patterns(), Subset::emergency).parts;
  ASSERT_EQ(parts.ops.size(), 3U);
  EXPECT_EQ(parts.ops[0].line, 2);
  ASSERT_EQ(parts.rules.size(), 1U);
  EXPECT_EQ(parts.rules[0].line, 5);
  EXPECT_EQ(parts.patterns.size(), 2U);
}

}  // namespace
}  // namespace headgate::back
