#include "compiler/back/database.h"

#include <set>

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
  Shortage shortage;
  build_database(lowered, patterns.patterns(), compiler, offenders, shortage);
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

// Says what each set comes to; compiles what is fine.
class FakeCompiler final : public SetCompiler {
 public:
  std::vector<Attempt> compile(const std::vector<ScanSet>& sets, Budget budget) override {
    std::vector<Attempt> attempts;
    for (const ScanSet& set : sets) attempts.push_back(one(set, budget));
    return attempts;
  }

  std::set<std::string> dear;       // too slow wherever they are
  std::size_t most_at_once = 1000;  // larger sets are too slow
  bool late = false;                // no time is left
  std::vector<std::size_t> groups;  // sizes of the sets that were tried as groups
  std::size_t alone = 0;            // how many were tried under the budget of one

 private:
  Attempt one(const ScanSet& set, Budget budget) {
    if (late) return Attempt{Came::out_of_time, nullptr, -1, "no time"};
    if (budget == Budget::group) groups.push_back(set.size());
    alone += budget == Budget::pattern ? 1 : 0;
    bool slow = set.size() > most_at_once;
    for (const ScanPattern& pattern : set) slow = slow || dear.count(pattern.plan->scan_text) > 0;
    return slow ? Attempt{Came::over_budget, nullptr, -1, "too slow"} : compile_set(set);
  }
};

std::string words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "/word" + std::to_string(i) + "x/ R\n";
  return text;
}

std::size_t scanned(const Lowered& lowered) {
  std::size_t count = 0;
  for (const rules::Pattern& pattern : lowered.parts.patterns)
    count += pattern.strategy == rules::Strategy::confirm_only ? 0U : 1U;
  return count;
}

Lowered build_with(FakeCompiler& compiler, const std::string& text, Offenders& offenders) {
  PatternSet patterns(front::Dialect::pcre, true, "");
  const auto file =
      front::parse_rules(front::Dialect::pcre, text, "t", "t", patterns, [](const Diagnostic&) {});
  Lowered lowered = lower(front::Dialect::pcre, "t", file, patterns.patterns(), Subset::all);
  Shortage shortage;
  build_database(lowered, patterns.patterns(), compiler, offenders, shortage);
  return lowered;
}

TEST(Budgets, ADearPatternCostsItselfOnly) {
  FakeCompiler compiler;
  compiler.dear = {"word7x"};
  Offenders offenders;
  const Lowered lowered = build_with(compiler, words(300), offenders);
  EXPECT_EQ(scanned(lowered), 299U);
  EXPECT_EQ(lowered.parts.patterns[7].strategy, rules::Strategy::confirm_only);
  EXPECT_EQ(lowered.parts.patterns[7].reason, "too slow");
  EXPECT_EQ(compiler.groups, (std::vector<std::size_t>{256, 44, 255}));
  EXPECT_EQ(compiler.alone, 256U) << "only the patterns of the group that was too slow";
  EXPECT_EQ(lowered.parts.scanners.size(), 2U);
}

TEST(Budgets, AProvenGroupThatIsTooDearIsHalved) {
  FakeCompiler compiler;
  compiler.most_at_once = 60;
  Offenders offenders;
  const Lowered lowered = build_with(compiler, words(200), offenders);
  EXPECT_EQ(scanned(lowered), 200U);
  EXPECT_EQ(compiler.groups, (std::vector<std::size_t>{200, 200, 100, 100, 50, 50, 50, 50}));
  EXPECT_EQ(lowered.parts.scanners.size(), 4U);
}

TEST(Budgets, WhatWasRefusedOnceIsNotTriedAgain) {
  FakeCompiler compiler;
  compiler.dear = {"word1x"};
  Offenders offenders;
  build_with(compiler, words(3), offenders);
  compiler.groups.clear();
  const Lowered again = build_with(compiler, words(3), offenders);
  EXPECT_EQ(compiler.groups, std::vector<std::size_t>{2});
  EXPECT_EQ(again.parts.patterns[1].reason, "too slow");
}

TEST(Budgets, WithoutTimeEveryPatternIsConfirmOnly) {
  FakeCompiler compiler;
  compiler.late = true;
  Offenders offenders;
  const Lowered lowered = build_with(compiler, words(300), offenders);
  EXPECT_EQ(scanned(lowered), 0U);
  EXPECT_EQ(lowered.parts.patterns[299].reason, "no time");
}

}  // namespace
}  // namespace headgate::back
