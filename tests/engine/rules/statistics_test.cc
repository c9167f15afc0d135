// Counts follow a rule's text, not its line; lookups of one table add up to one row a rule.
#include "engine/rules/statistics.h"

#include <gtest/gtest.h>

#include "engine/rules/program_lookup.h"
#include "tests/engine/rules/fake_confirmer.h"

namespace headgate::rules {
namespace {

class TestClock final : public Env {
 public:
  [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::seconds(now)); }

  [[nodiscard]] SteadyTime steady() const override { return {}; }

  std::uint64_t random() override { return 0; }

  std::int64_t now = 1000;
};

struct RuleText {
  int line;
  std::string pattern, value;
  bool matches = true, negated = false;
  std::string flags = {};
};

// A Program of plain rules.
std::shared_ptr<const Program> program(const std::vector<RuleText>& rules) {
  ProgramParts parts;
  for (const RuleText& text : rules) {
    Pattern pattern;
    pattern.reference = std::make_shared<FakeConfirmer>(
        text.matches != text.negated ? match::Answer::yes : match::Answer::no);
    pattern.text = text.pattern;
    pattern.flags = text.flags;
    parts.patterns.push_back(pattern);
    const auto index = static_cast<std::uint32_t>(parts.rules.size());
    const auto next = static_cast<std::uint32_t>(parts.ops.size() + 2);
    parts.ops.push_back(Op{OpKind::test, Role::rule, text.negated, text.line, index, next});
    parts.ops.push_back(Op{OpKind::emit, Role::rule, false, text.line, index, 0});
    Rule rule;
    rule.line = text.line;
    rule.value_text = text.value;
    rule.pattern = index;
    parts.rules.push_back(rule);
  }
  return std::make_shared<const Program>(std::move(parts));
}

class StatisticsTest : public testing::Test {
 protected:
  static std::unique_ptr<ProgramLookup> open(const std::shared_ptr<const Program>& of,
                                             const RuleRows& rows) {
    return std::make_unique<ProgramLookup>(of, "pcre:t", nullptr, Path::scan, &rows);
  }

  // "line:hits/bytes@last value" a rule.
  [[nodiscard]] std::string rows() const {
    std::string text;
    for (const RuleCount& row : table_->rows()) {
      text += std::to_string(row.line) + ":" + std::to_string(row.hits) + "/" +
              std::to_string(row.bytes) + "@" + std::to_string(row.last_hit) + " " + row.value +
              "; ";
    }
    return text;
  }

  TestClock clock_;
  std::shared_ptr<TableStatistics> table_ = std::make_shared<TableStatistics>(clock_);
};

TEST_F(StatisticsTest, TheRuleThatWinsIsCountedWithTheKeysBytes) {
  const auto both = program({{1, "a", "REJECT", false}, {2, "b", "WARN"}});
  const auto lookup = open(both, *table_->use(*both));
  EXPECT_EQ(rows(), "1:0/0@0 REJECT; 2:0/0@0 WARN; ");
  ASSERT_TRUE(lookup->find("12345"));
  clock_.now = 1007;
  ASSERT_TRUE(lookup->find("123"));
  EXPECT_EQ(rows(), "1:0/0@0 REJECT; 2:2/8@1007 WARN; ");
}

TEST_F(StatisticsTest, LookupsOfOneTableAddUpAlsoThoseThatAreGone) {
  const auto full = program({{1, "a", "X", false}, {2, "b", "Y"}});
  const auto emergency = program({{2, "b", "Y"}});
  const auto version = table_->use(*full);
  const auto first = open(full, *version);
  auto second = open(full, *version);
  const auto third = open(emergency, *version);
  for (ProgramLookup* lookup : {first.get(), second.get(), third.get()})
    ASSERT_TRUE(lookup->find("1"));
  second.reset();
  EXPECT_EQ(rows(), "1:0/0@0 X; 2:3/3@1000 Y; ");
}

TEST_F(StatisticsTest, ARuleKeepsItsCountsWhereverItMovesToAndLosesThemWithItsText) {
  const auto before = program({{1, "a", "X"}});
  auto old = open(before, *table_->use(*before));
  ASSERT_TRUE(old->find("12"));
  const auto moved = program({{3, "new", "N", false}, {7, "a", "X"}});
  const auto now = open(moved, *table_->use(*moved));
  EXPECT_EQ(rows(), "3:0/0@0 N; 7:1/2@1000 X; ");
  ASSERT_TRUE(old->find("3"));  // a message in flight has the old lookup
  ASSERT_TRUE(now->find("4"));
  old.reset();
  EXPECT_EQ(rows(), "3:0/0@0 N; 7:3/4@1000 X; ");

  const auto without = program({{3, "new", "N"}});
  table_->use(*without);
  EXPECT_EQ(rows(), "3:0/0@0 N; ");
  table_->use(*moved);
  EXPECT_EQ(rows(), "3:0/0@0 N; 7:0/0@0 X; ");  // it went: a new start
}

TEST_F(StatisticsTest, WhatMakesARuleAnotherRule) {
  const auto one = program({{1, "a", "X"}});
  for (const RuleText& other :
       {RuleText{1, "b", "X"}, RuleText{1, "a", "Y"}, RuleText{1, "a", "X", true, true},
        RuleText{1, "a", "X", true, false, "i"}}) {
    table_ = std::make_shared<TableStatistics>(clock_);
    const auto lookup = open(one, *table_->use(*one));
    ASSERT_TRUE(lookup->find("1"));
    table_->use(*program({other}));
    EXPECT_EQ(table_->rows().at(0).hits, 0U) << other.pattern << other.value << other.negated;
  }
}

TEST_F(StatisticsTest, OfEqualRulesTheNthStaysTheNth) {
  // Equal rules behind different guards: only the second one's guard lets a key pass.
  const auto twins = program({{1, "a", "X", false}, {4, "a", "X"}});
  const auto lookup = open(twins, *table_->use(*twins));
  ASSERT_TRUE(lookup->find("1"));
  table_->use(*program({{2, "a", "X"}, {9, "a", "X"}, {11, "a", "X"}}));
  EXPECT_EQ(rows(), "2:0/0@0 X; 9:1/1@1000 X; 11:0/0@0 X; ");
}

TEST_F(StatisticsTest, AVersionThatIsThrownAwayChangesNothing) {
  const auto old = program({{1, "a", "REJECT"}});
  const auto lookup = open(old, *table_->use(*old));
  ASSERT_TRUE(lookup->find("12345"));
  const auto thrown_away = program({{1, "b", "WARN"}, {2, "a", "REJECT"}});
  open(thrown_away, *table_->number(*thrown_away));
  EXPECT_EQ(rows(), "1:1/5@1000 REJECT; ");
  ASSERT_TRUE(lookup->find("12345"));
  EXPECT_EQ(rows(), "1:2/10@1000 REJECT; ");
  const auto rows_of_both = table_->number(*thrown_away);
  table_->use(*rows_of_both, *thrown_away);
  EXPECT_EQ(rows(), "1:0/0@0 WARN; 2:2/10@1000 REJECT; ");
}

}  // namespace
}  // namespace headgate::rules
