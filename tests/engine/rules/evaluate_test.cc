// Programs built by hand: what the operations mean, who is asked, and how often.
#include "engine/rules/evaluate.h"

#include <algorithm>
#include <random>

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

// The plan says no, the engine that it breaks: a plain guard does not hold either way, of a negated one only the engine's word
// counts.
TEST(Evaluate, ANegatedGuardIsNotPassedOnThePlansWordAlone) {
  for (const bool negated : {false, true}) {
    Fixture f;
    f.parts.plan.ready = true;
    const auto guard = f.pattern(Answer::failed), rule = f.pattern(Answer::yes);
    for (rules::Pattern& pattern : f.parts.patterns) pattern.trusted_bytes = kTrustedWhateverComes;
    f.parts.plan.any.gated.push_back(Gated{{}, rule});
    f.test(guard, Role::guard, negated, 3, 1);
    f.test(rule, Role::rule, false, 3, 2);
    f.emit("inside", 2);
    EXPECT_EQ(f.run(), "none");
    EXPECT_EQ(f.engines[0]->asked, negated ? 1 : 0);
  }
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

// Random programs with every answer that an engine may give, and plans that name what they must and more or less of the
// rest: the walk from stop to stop against the one that meets every operation.
constexpr std::string_view kText = "a text";

class RandomProgram {
 public:
  explicit RandomProgram(unsigned seed) : random_(seed) {
    for (int i = 0; i < 6; ++i) add_pattern(false);
    for (int i = 0; i < 4; ++i) add_pattern(true);
    add_statements(3);
    for (std::uint32_t id = 0; id < f_.parts.patterns.size(); ++id) plan(id);
    auto& doubts = f_.parts.plan.any.doubts;
    std::sort(doubts.begin(), doubts.end(),
              [](const Doubt& a, const Doubt& b) { return a.trusted_bytes < b.trusted_bytes; });
    f_.parts.plan.ready = true;
    f_.parts.name = "t";
  }

  struct Result {
    std::string value;
    int line = 0;
    std::vector<std::string> warnings;
    int asked = 0;

    bool operator==(const Result& other) const {
      return value == other.value && line == other.line && warnings == other.warnings;
    }
  };

  Result run(Path path) {
    for (const auto& engine : f_.engines) engine->asked = 0;
    const Program program(f_.parts);
    Truth truth(program, path);
    Result result;
    const auto hit = evaluate(program, truth, kText, [&](const Diagnostic& diagnostic) {
      result.warnings.push_back(diagnostic.text);
    });
    if (hit) result.value = hit->value, result.line = hit->rule->line;
    for (const auto& engine : f_.engines) result.asked += engine->asked;
    return result;
  }

  [[nodiscard]] std::string told() const {
    std::string told;
    for (std::size_t at = 0; at < f_.parts.ops.size(); ++at) {
      const Op& op = f_.parts.ops[at];
      told += std::to_string(at) + (op.kind == OpKind::emit ? " emit " : " test ") +
              (op.role == Role::guard    ? "guard "
               : op.role == Role::second ? "second "
                                         : "") +
              (op.negated ? "!" : "") + std::to_string(op.index);
      if (op.kind == OpKind::test)
        told += " " + std::to_string(static_cast<int>(answers_[op.index])) + " else " +
                std::to_string(op.target);
      told += "\n";
    }
    return told;
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  void add_pattern(bool on_demand) {
    const int kind = pick(8);
    const Answer answer = kind == 0 ? Answer::failed : kind < 4 ? Answer::yes : Answer::no;
    f_.parts.patterns[f_.pattern(answer)].on_demand = on_demand;
    answers_.push_back(answer);
    reachable_.push_back(false);
  }

  void add_statements(int depth) {
    for (int statements = pick(5); statements >= 0; --statements) {
      if (depth > 0 && pick(3) == 0)
        add_group(depth);
      else
        add_rule();
    }
  }

  void add_group(int depth) {
    const auto id = static_cast<std::uint32_t>(6 + pick(4));
    const std::size_t guard = f_.parts.ops.size();
    const bool negated = pick(3) == 0;
    f_.test(id, Role::guard, negated, 0, ++line_);
    // What a plain guard that surely is false needs, its rules need.
    const bool shut = !negated && answers_[id] == Answer::no;
    shut_ += shut ? 1 : 0;
    add_statements(depth - 1);
    shut_ -= shut ? 1 : 0;
    const bool has_endif = pick(8) != 0;
    ++line_;
    f_.parts.ops[guard].target = static_cast<std::uint32_t>(f_.parts.ops.size());
    if (!has_endif) without_endif_.push_back(guard);
    // An if that never closes, and so all around it, ends with the program.
    for (const std::size_t open : without_endif_)
      f_.parts.ops[open].target = static_cast<std::uint32_t>(f_.parts.ops.size());
  }

  void add_rule() {
    const bool negated = pick(5) == 0;
    const auto id = static_cast<std::uint32_t>(negated ? 6 + pick(4) : pick(6));
    if (shut_ == 0) reachable_[id] = true;
    const std::size_t first = f_.parts.ops.size();
    ++line_;
    f_.test(id, Role::rule, negated, 0, line_);
    const bool has_second = pick(4) == 0;
    if (has_second)
      f_.test(static_cast<std::uint32_t>(6 + pick(4)), Role::second, pick(3) != 0, 0, line_);
    f_.emit("R" + std::to_string(line_), line_);
    for (std::size_t at = first; at + 1 < f_.parts.ops.size(); ++at)
      f_.parts.ops[at].target = static_cast<std::uint32_t>(f_.parts.ops.size());
  }

  void plan(std::uint32_t id) {
    Pattern& pattern = f_.parts.patterns[id];
    const bool counts = pattern.on_demand || reachable_[id];
    const bool doubted = (counts && answers_[id] == Answer::failed) || pick(6) == 0;
    pattern.trusted_bytes = doubted ? kText.size() - 1 : kTrustedWhateverComes;
    if (doubted) f_.parts.plan.any.doubts.push_back(Doubt{pattern.trusted_bytes, id});
    if (answers_[id] == Answer::no && !doubted && pick(3) == 0)
      pattern.also.push_back({kText.size(), {"nowhere"}});
    const bool must = counts && !pattern.on_demand && answers_[id] == Answer::yes;
    if (!must && (doubted || pick(3) != 0)) return;
    f_.parts.plan.any.gated.push_back(Gated{{}, id});
    pattern.sure = !doubted && answers_[id] == Answer::yes && pick(2) == 0;
  }

  Fixture f_;
  std::mt19937 random_;
  std::vector<Answer> answers_;
  std::vector<bool> reachable_;  // but for guards that are surely false
  std::vector<std::size_t> without_endif_;
  int shut_ = 0, line_ = 0;
};

TEST(Evaluate, TheWalkThatSkipsAnswersAsTheOneThatDoesNot) {
  int hits = 0;
  int warned = 0;
  int asked_less = 0;
  for (unsigned seed = 0; seed < 6000; ++seed) {
    RandomProgram program(seed);
    const auto skipping = program.run(Path::scan);
    const auto walking = program.run(Path::confirm_only);
    ASSERT_TRUE(skipping == walking)
        << "seed " << seed << ": " << skipping.value << " for " << walking.value << ", "
        << skipping.warnings.size() << " warnings for " << walking.warnings.size() << "\n"
        << program.told();
    hits += walking.value.empty() ? 0 : 1;
    warned += walking.warnings.empty() ? 0 : 1;
    asked_less += skipping.asked < walking.asked ? 1 : 0;
  }
  EXPECT_GT(hits, 2000);
  EXPECT_GT(warned, 500);
  EXPECT_GT(asked_less, 2000);
}

}  // namespace
}  // namespace headgate::rules
