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

// The texts of the plain guards around each pattern's rules; "on demand" for what is no plain rule's.
std::string contexts(const Lowered& lowered, PatternSet& patterns) {
  std::string told;
  for (std::size_t i = 0; i < lowered.parts.patterns.size(); ++i) {
    const rules::Pattern& pattern = lowered.parts.patterns[i];
    EXPECT_EQ(pattern.text, patterns.patterns()[lowered.pattern_ids[i]].source.text);
    told += pattern.text + ":";
    if (pattern.on_demand) told += " on demand";
    for (const std::uint32_t guard : lowered.guards[i])
      told += " " + patterns.patterns()[guard].source.text;
    told += "\n";
  }
  return told;
}

TEST(Lower, APatternIsOneForEachContext) {
  struct Row {
    const char *table, *contexts;
  };

  const Row rows[] = {
      {"/a/ X\n/a/ Y\n", "a:\n"},
      {"/a/ X\nif /g/\n/a/ Y\nendif\n/a/ Z\n", "a:\ng: on demand\na: g\n"},
      {"if /g/\n/a/ X\nendif\nif /g/\n/a/ Y\nendif\n", "g: on demand\na: g\n"},
      {"if /g/\nif /h/\n/a/ X\nendif\n/a/ Y\nendif\n",
       "g: on demand\nh: on demand\na: g h\na: g\n"},
      {"if !/g/\n/a/ X\nendif\n/a/ Y\n", "g: on demand\na:\n"},
      {"if /g/\nif !/h/\n/a/ X\nendif\nendif\n", "g: on demand\nh: on demand\na: g\n"},
      {"!/a/ X\n/a/ Y\nif /a/\n!/a/ Z\n/a/ W\nendif\n", "a: on demand\na:\na: a\n"},
      {"if /g/\n/a/ X\nif /h/\n/a/ Y\n", "g: on demand\na: g\nh: on demand\na: g h\n"},
  };
  for (const Row& row : rows) {
    PatternSet patterns(front::Dialect::pcre, false, "off");
    const auto file = parse(row.table, patterns);
    EXPECT_EQ(contexts(lower(front::Dialect::pcre, "t", file, patterns.patterns(), Subset::all),
                       patterns),
              row.contexts)
        << row.table;
  }
}

TEST(Lower, ASecondPatternIsAskedOnDemand) {
  PatternSet patterns(front::Dialect::regexp, false, "off");
  const auto file = front::parse_rules(front::Dialect::regexp, "/a/!/b/ X\n/b/ Y\n", "t", "t",
                                       patterns, [](const Diagnostic&) {});
  const auto lowered = lower(front::Dialect::regexp, "t", file, patterns.patterns(), Subset::all);
  ASSERT_EQ(lowered.parts.ops.size(), 5U);
  EXPECT_EQ(lowered.parts.ops[1].role, rules::Role::second);
  EXPECT_TRUE(lowered.parts.patterns[lowered.parts.ops[1].index].on_demand);
  EXPECT_FALSE(lowered.parts.patterns[lowered.parts.ops[0].index].on_demand);
  EXPECT_FALSE(lowered.parts.patterns[lowered.parts.ops[3].index].on_demand);
}

// A guard that the emergency program leaves out guards nothing there.
TEST(Lower, ContextsOfTheEmergencySubset) {
  PatternSet patterns(front::Dialect::pcre, false, "off");
  const auto file = parse(
      "if /g/\n/b/ B\nif /h/\n#@emergency\n/c/ C\nendif\nendif\n#@emergency\nif /k/\n/c/ "
      "D\nendif\n",
      patterns);
  const auto lowered =
      lower(front::Dialect::pcre, "t", file, patterns.patterns(), Subset::emergency);
  EXPECT_EQ(contexts(lowered, patterns),
            "g: on demand\nh: on demand\nc: g h\nk: on demand\nc: k\n");
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
