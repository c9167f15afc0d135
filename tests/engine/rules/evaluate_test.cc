// Programs built by hand: what the operations mean, who is asked, and how often.
#include "engine/rules/evaluate.h"

#include <gtest/gtest.h>

#include "engine/rules/explain.h"
#include "tests/engine/rules/fake_confirmer.h"

namespace headgate::rules {
namespace {

using match::Answer;

struct Fixture {
  ProgramParts parts;
  std::vector<std::shared_ptr<FakeConfirmer>> engines;
  std::vector<std::string> warnings;

  std::uint32_t pattern(Answer answer) {
    engines.push_back(std::make_shared<FakeConfirmer>(answer));
    Pattern pattern;
    pattern.reference = engines.back();
    parts.patterns.push_back(pattern);
    return static_cast<std::uint32_t>(parts.patterns.size() - 1);
  }

  void test(std::uint32_t pattern, Role role, bool negated, std::uint32_t target, int line) {
    parts.ops.push_back(Op{OpKind::test, role, negated, line, pattern, target});
  }

  void emit(std::string value, int line, std::size_t group = 0) {
    Rule rule;
    rule.line = line;
    rule.value.push_back(Piece{std::move(value), group});
    rule.pattern = parts.ops.back().index;
    parts.rules.push_back(rule);
    parts.ops.push_back(Op{OpKind::emit, Role::rule, false, line,
                           static_cast<std::uint32_t>(parts.rules.size() - 1), 0});
  }

  std::string run(std::string_view text = "text") {
    parts.name = "t";
    const Program program(parts);
    Truth truth(program, Path::scan);
    const auto hit = evaluate(program, truth, text, [this](const Diagnostic& diagnostic) {
      warnings.push_back(diagnostic.text);
    });
    return hit ? hit->value : "none";
  }
};

TEST(Evaluate, FirstTrueRuleWins) {
  Fixture f;
  f.test(f.pattern(Answer::no), Role::rule, false, 2, 1);
  f.emit("first", 1);
  f.test(f.pattern(Answer::yes), Role::rule, false, 4, 2);
  f.emit("second", 2);
  EXPECT_EQ(f.run(), "second");
}

TEST(Evaluate, AFalseGuardJumps) {
  for (const bool negated : {false, true}) {
    Fixture f;
    const auto yes = f.pattern(Answer::yes);
    f.test(yes, Role::guard, negated, 3, 1);
    f.test(f.pattern(Answer::yes), Role::rule, false, 3, 2);
    f.emit("inside", 2);
    f.test(yes, Role::rule, false, 5, 4);
    f.emit("outside", 4);
    EXPECT_EQ(f.run(), negated ? "outside" : "inside");
  }
}

TEST(Evaluate, AFailureIsFalseWhateverTheSenseAndWarnsEachTime) {
  Fixture f;
  const auto broken = f.pattern(Answer::failed);
  f.test(broken, Role::rule, true, 2, 1);
  f.emit("negated", 1);
  f.test(broken, Role::rule, false, 4, 2);
  f.emit("plain", 2);
  EXPECT_EQ(f.run(), "none");
  EXPECT_EQ(f.warnings, (std::vector<std::string>{"pcre map t, line 1: it broke",
                                                  "pcre map t, line 2: it broke"}));
  EXPECT_EQ(f.engines[0]->asked, 1);
}

TEST(Evaluate, BothPatternsOfARegexpRuleMustHold) {
  for (const auto second : {Answer::no, Answer::yes}) {
    Fixture f;
    f.test(f.pattern(Answer::yes), Role::rule, false, 3, 1);
    f.test(f.pattern(second), Role::second, true, 3, 1);
    f.emit("and not", 1);
    EXPECT_EQ(f.run(), second == Answer::no ? "and not" : "none");
  }
}

TEST(Evaluate, CapturesAreTheRulesOwn) {
  Fixture f;
  f.test(f.pattern(Answer::yes), Role::rule, false, 3, 1);
  f.test(f.pattern(Answer::no), Role::second, true, 3, 1);
  f.emit("", 1, 1);
  f.parts.rules[0].pattern = 0;
  EXPECT_EQ(f.run("xyz"), "x");
}

TEST(Explain, TellsWhoWasAskedAndWhatWon) {
  Fixture f;
  f.test(f.pattern(Answer::no), Role::guard, true, 3, 1);
  f.test(f.pattern(Answer::yes), Role::rule, false, 3, 2);
  f.emit("INFO won", 2);
  f.parts.patterns[0].text = "guard";
  const Program program(f.parts);
  Truth truth(program, Path::confirm_only);
  Trace trace;
  evaluate(
      program, truth, "abc", [](const Diagnostic&) {}, &trace);
  const std::string told = explain(program, trace, "abc");
  EXPECT_NE(told.find("!/guard/"), std::string::npos) << told;
  EXPECT_NE(told.find("does not match (pcre2): enter"), std::string::npos) << told;
  EXPECT_NE(told.find("$1 = \"a\""), std::string::npos) << told;
  EXPECT_NE(told.find("wins: INFO won"), std::string::npos) << told;
}

}  // namespace
}  // namespace headgate::rules
