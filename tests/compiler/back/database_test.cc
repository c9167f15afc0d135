#include "compiler/back/database.h"

#include <set>

#include <gtest/gtest.h>

#include "engine/match/scratch.h"

namespace headgate::back {
namespace {

ScanSet words(std::uint32_t count) {
  ScanSet set;
  for (std::uint32_t id = 0; id < count; ++id)
    set.push_back({id, "word" + std::to_string(id) + "x", true, false, true});
  return set;
}

Databases build(const ScanSet& set, Spelling spelling = Spelling::regexes) {
  InProcessCompiler compiler;
  Offenders offenders;
  Shortage shortage;
  return compile_databases(set, spelling, compiler, offenders, shortage);
}

TEST(Database, ARefusedPatternLeavesTheRestInPlace) {
  ScanSet set = words(3);
  set[1].text = "a(";
  const Databases databases = build(set);
  ASSERT_EQ(databases.compiled.size(), 1U);
  EXPECT_EQ(databases.compiled[0].ids, (std::vector<std::uint32_t>{0, 2}));
  ASSERT_EQ(databases.refused.size(), 1U);
  EXPECT_EQ(databases.refused.at(1).substr(0, 11), "Hyperscan: ");
}

TEST(Database, NothingToScanForMeansNoDatabase) { EXPECT_TRUE(build({}).compiled.empty()); }

TEST(Database, ManySpellingsAreSpreadOverSeveralAndLiteralsAreNot) {
  const Databases spread = build(words(600));
  ASSERT_EQ(spread.compiled.size(), 3U);
  EXPECT_EQ(spread.compiled[0].ids.front(), 0U);
  EXPECT_EQ(spread.compiled[2].ids.back(), 599U);
  EXPECT_EQ(build(words(600), Spelling::literals).compiled.size(), 1U);
}

TEST(Database, FlagsAreEachPatternsOwn) {
  const Databases databases = build({{0, "^b", true, true, false}, {1, "^b", false, false, false}});
  match::Scratch scratch;
  EXPECT_EQ(databases.compiled[0].scanner->ids_in("a\nB", scratch), (std::set<unsigned>{0}));
  EXPECT_EQ(databases.compiled[0].scanner->ids_in("b", scratch), (std::set<unsigned>{0, 1}));
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
    for (const ScanPattern& pattern : set) slow = slow || dear.count(pattern.text) > 0;
    return slow ? Attempt{Came::over_budget, nullptr, -1, "too slow"} : compile_set(set);
  }
};

std::size_t scanned(const Databases& databases) {
  std::size_t count = 0;
  for (const Databases::One& one : databases.compiled) count += one.ids.size();
  return count;
}

Databases build_with(FakeCompiler& compiler, std::uint32_t count, Offenders& offenders,
                     Spelling spelling = Spelling::regexes) {
  Shortage shortage;
  return compile_databases(words(count), spelling, compiler, offenders, shortage);
}

TEST(Budgets, ADearPatternCostsItselfOnly) {
  FakeCompiler compiler;
  compiler.dear = {"word7x"};
  Offenders offenders;
  const Databases databases = build_with(compiler, 300, offenders);
  EXPECT_EQ(scanned(databases), 299U);
  EXPECT_EQ(databases.refused, (std::map<std::uint32_t, std::string>{{7, "too slow"}}));
  EXPECT_EQ(compiler.groups, (std::vector<std::size_t>{256, 44, 255}));
  EXPECT_EQ(compiler.alone, 256U) << "only the patterns of the group that was too slow";
  EXPECT_EQ(databases.compiled.size(), 2U);
}

TEST(Budgets, AProvenGroupThatIsTooDearIsHalved) {
  FakeCompiler compiler;
  compiler.most_at_once = 60;
  Offenders offenders;
  const Databases databases = build_with(compiler, 200, offenders);
  EXPECT_EQ(scanned(databases), 200U);
  EXPECT_EQ(compiler.groups, (std::vector<std::size_t>{200, 200, 100, 100, 50, 50, 50, 50}));
  EXPECT_EQ(databases.compiled.size(), 4U);
}

TEST(Budgets, WhatWasRefusedOnceIsNotTriedAgain) {
  FakeCompiler compiler;
  compiler.dear = {"word1x"};
  Offenders offenders;
  build_with(compiler, 3, offenders);
  compiler.groups.clear();
  const Databases again = build_with(compiler, 3, offenders);
  EXPECT_EQ(compiler.groups, std::vector<std::size_t>{2});
  EXPECT_EQ(again.refused.at(1), "too slow");
}

// None of them is to blame: nothing is tried alone.
TEST(Budgets, LiteralsThatAreTooDearTogetherAreHalved) {
  FakeCompiler compiler;
  compiler.most_at_once = 60;
  Offenders offenders;
  const Databases databases = build_with(compiler, 200, offenders, Spelling::literals);
  EXPECT_EQ(scanned(databases), 200U);
  EXPECT_EQ(compiler.alone, 0U);
}

TEST(Budgets, WithoutTimeNothingIsCompiled) {
  FakeCompiler compiler;
  compiler.late = true;
  Offenders offenders;
  const Databases databases = build_with(compiler, 300, offenders);
  EXPECT_EQ(scanned(databases), 0U);
  EXPECT_EQ(databases.refused.at(299), "no time");
}

}  // namespace
}  // namespace headgate::back
