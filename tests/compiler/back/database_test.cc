#include "compiler/back/database.h"

#include <gtest/gtest.h>

namespace headgate::back {
namespace {

Lowered build(std::string_view text, bool spoil) {
  PatternSet patterns(front::Dialect::pcre, true, "");
  const auto file =
      front::parse_rules(front::Dialect::pcre, text, "t", "t", patterns, [](const Diagnostic&) {});
  if (spoil) patterns.patterns()[1].plan.scan_text = "a(";
  Lowered lowered = lower(front::Dialect::pcre, "t", file, patterns.patterns(), Subset::all);
  InProcessCompiler compiler;
  Offenders offenders;
  build_database(lowered, patterns.patterns(), compiler, offenders);
  return lowered;
}

TEST(Database, PatternsGetTheirStrategies) {
  const Lowered lowered = build("/foo/ X\n/a(?=b)c/ Y\n/.*/ Z\n", false);
  ASSERT_EQ(lowered.parts.scanners.size(), 1U);
  EXPECT_EQ(lowered.parts.patterns[0].strategy, rules::Strategy::native);
  EXPECT_EQ(lowered.parts.patterns[1].strategy, rules::Strategy::prefilter);
  EXPECT_EQ(lowered.parts.patterns[2].strategy, rules::Strategy::confirm_only);
}

TEST(Database, ARefusedPatternLeavesTheRestInPlace) {
  const Lowered lowered = build("/foo/ X\n/bar/ Y\n/baz/ Z\n", true);
  ASSERT_EQ(lowered.parts.scanners.size(), 1U);
  EXPECT_EQ(lowered.parts.patterns[0].strategy, rules::Strategy::native);
  EXPECT_EQ(lowered.parts.patterns[1].strategy, rules::Strategy::confirm_only);
  EXPECT_EQ(lowered.parts.patterns[1].reason.substr(0, 11), "Hyperscan: ");
  EXPECT_EQ(lowered.parts.patterns[2].strategy, rules::Strategy::native);
}

TEST(Database, NothingToScanForMeansNoScanner) {
  EXPECT_TRUE(build("/.*/ X\n", false).parts.scanners.empty());
  EXPECT_TRUE(build("", false).parts.scanners.empty());
}

TEST(Database, ALargeTableIsSpreadOverSeveral) {
  std::string text;
  for (int i = 0; i < 600; ++i) text += "/word" + std::to_string(i) + "x/ R\n";
  const Lowered lowered = build(text, false);
  EXPECT_EQ(lowered.parts.scanners.size(), 3U);
  EXPECT_EQ(lowered.parts.patterns[0].scanner, 0U);
  EXPECT_EQ(lowered.parts.patterns[599].scanner, 2U);
}

}  // namespace
}  // namespace headgate::back
