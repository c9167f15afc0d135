// Plans made by hand, engines that count: what is certain, what is asked, and how often.
#include "engine/rules/truth.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/rules/program_lookup.h"
#include "tests/engine/rules/fake_confirmer.h"

namespace headgate::rules {
namespace {

using match::Answer;

struct Fixture {
  ProgramParts parts;
  std::vector<std::shared_ptr<FakeConfirmer>> engines;

  explicit Fixture(std::vector<Answer> answers) {
    for (const Answer answer : answers) {
      engines.push_back(std::make_shared<FakeConfirmer>(answer));
      Pattern pattern;
      pattern.reference = engines.back();
      pattern.trusted_bytes = kTrustedWhateverComes;
      parts.patterns.push_back(pattern);
    }
    parts.plan.ready = true;
  }
};

Gate needs(char byte) {
  Gate gate;
  gate.all = match::symbol_of(byte);
  return gate;
}

std::vector<std::uint32_t> sorted_candidates(const Truth& truth) {
  auto all = truth.candidates();
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Truth, WithoutAPlanEveryPatternIsAsked) {
  for (const Path path : {Path::scan, Path::confirm_only}) {
    Fixture f({Answer::yes});
    f.parts.plan.ready = path == Path::confirm_only;
    const Program program(f.parts);
    Truth truth(program, path);
    truth.reset("x");
    EXPECT_TRUE(truth.all_candidates());
    EXPECT_EQ(truth.opinion(0), Opinion::ask);
  }
}

// The short cut for texts without candidates is none for what is known of them.
TEST(Truth, AGuardIsKnownByItsNameWhereThereIsNoCandidate) {
  const auto table = compiler::compile_text(
      Dialect::pcre, "t",
      "if /^Subject:/\n/viagra/ A\n/cialis/ B\n/levitra/ C\n/xanax0/ D\nendif\n", {});
  const Program& program = *table.full;
  ASSERT_EQ(program.plan().named.size(), 1U);
  EXPECT_TRUE(program.quick_named(0).rules_out("Subject: nothing"));
  EXPECT_FALSE(program.quick_named(0).rules_out("Subject: viagra"));
  EXPECT_FALSE(program.quick_named(0).rules_out("Subject: " + std::string(kFinderBytes, 'x')));
  const std::uint32_t guard = program.ops().front().index;
  Truth truth(program, Path::scan);
  for (const std::size_t bytes : {std::size_t{1}, kFinderBytes}) {
    const std::string text = "Subject: " + std::string(bytes, 'x');
    truth.reset(text);
    EXPECT_TRUE(truth.candidates().empty());
    EXPECT_EQ(truth.opinion(guard), Opinion::yes);
    EXPECT_EQ(truth.opinion(program.rules().front().pattern), Opinion::no);
    EXPECT_TRUE(truth.candidates().empty());
  }
  truth.reset("Subject: CIALIS");
  EXPECT_EQ(truth.candidates(), std::vector{program.rules()[1].pattern});
}

TEST(Truth, WhatThePlanDoesNotNameIsNo) {
  Fixture f({Answer::yes, Answer::yes, Answer::yes});
  f.parts.plan.any.gated = {{needs('x'), 0}, {needs('y'), 1}};
  f.parts.patterns[2].on_demand = true;
  const Program program(f.parts);
  Truth truth(program, Path::scan);
  truth.reset("ax");
  EXPECT_EQ(truth.candidates(), std::vector<std::uint32_t>{0});
  EXPECT_EQ(truth.opinion(0), Opinion::ask);
  EXPECT_EQ(truth.opinion(1), Opinion::no);
  EXPECT_EQ(truth.opinion(2), Opinion::ask) << "no plan names what is asked on demand";
  truth.reset("");
  EXPECT_TRUE(truth.candidates().empty());
  EXPECT_EQ(f.engines[0]->asked, 0);
}

TEST(Truth, AQuestionIsAskedOnceAText) {
  Fixture f({Answer::yes});
  f.parts.plan.any.gated = {{Gate{}, 0}};
  const Program program(f.parts);
  Truth truth(program, Path::scan);
  for (int text = 1; text <= 2; ++text) {
    truth.reset("x");
    bool from_memory = true;
    truth.ask(0, &from_memory);
    EXPECT_FALSE(from_memory);
    truth.ask(0, &from_memory);
    EXPECT_TRUE(from_memory);
    EXPECT_EQ(f.engines[0]->asked, text);
  }
}

TEST(Truth, SectionsGoByTheNameUpToTheColon) {
  Fixture f({Answer::yes, Answer::yes});
  Section named;
  named.name = "subject";
  named.gated = {{Gate{}, 0}};
  f.parts.plan.named = {named};
  f.parts.plan.any.gated = {{needs('z'), 1}};
  const Program program(f.parts);
  Truth truth(program, Path::scan);

  struct Row {
    std::string text;
    std::vector<std::uint32_t> candidates;
  };

  const Row rows[] = {{"Subject: x", {0}},   {"subject:", {0}},
                      {"SUBJECT:z", {0, 1}}, {"Subject : x", {}},
                      {" Subject: x", {}},   {"Subject", {}},
                      {"x Subject: z", {1}}, {":Subject: x", {}},
                      {"Subject\n: x", {}},  {std::string(70, 's') + "ubject: x", {}}};
  for (const Row& row : rows) {
    truth.reset(row.text);
    EXPECT_EQ(sorted_candidates(truth), row.candidates) << row.text;
  }
}

TEST(Truth, LongTextsAreDoubted) {
  Fixture f({Answer::failed, Answer::failed});
  f.parts.patterns[0].trusted_bytes = 3;
  f.parts.patterns[1].trusted_bytes = 5;
  f.parts.plan.any.doubts = {{3, 0}, {5, 1}};
  f.parts.patterns[0].also = {{3, {"nowhere"}}};
  const Program program(f.parts);
  Truth truth(program, Path::scan);
  truth.reset("abc");
  EXPECT_TRUE(truth.candidates().empty());
  truth.reset("abcd");
  EXPECT_EQ(truth.candidates(), std::vector<std::uint32_t>{0});
  EXPECT_TRUE(truth.doubts(0));
  EXPECT_EQ(truth.opinion(0), Opinion::ask) << "its literal is believed of 3 bytes only";
  truth.reset("abcdef");
  EXPECT_EQ(sorted_candidates(truth), (std::vector<std::uint32_t>{0, 1}));
}

TEST(Truth, ADoubtHoldsWhereItsGateIsOpen) {
  Fixture f({Answer::failed});
  f.parts.patterns[0].trusted_bytes = 3;
  f.parts.plan.any.doubts = {{3, 0, needs('x'), 6}};
  const Program program(f.parts);
  Truth truth(program, Path::scan);
  const auto is_candidate = [&truth](std::string_view text) {
    truth.reset(text);
    return !truth.candidates().empty();
  };
  EXPECT_FALSE(is_candidate("xxx"));
  EXPECT_FALSE(is_candidate("abcdef"));
  EXPECT_TRUE(is_candidate("abcdex"));
  EXPECT_TRUE(is_candidate("abcdefg"));
}

TEST(Truth, SureIsSureOnlyOfTextsOfTheirOwn) {
  Fixture f({Answer::yes});
  f.parts.patterns[0].sure = true;
  f.parts.patterns[0].trusted_bytes = 4;
  f.parts.plan.blocks = true;
  f.parts.plan.any.gated = f.parts.plan.block.gated = {{needs('x'), 0}};
  f.parts.plan.any.doubts = f.parts.plan.block.doubts = {{4, 0}};
  const Program program(f.parts);
  Truth truth(program, Path::scan);
  truth.reset("x");
  EXPECT_EQ(truth.opinion(0), Opinion::yes);
  truth.reset("xxxxx");
  EXPECT_EQ(truth.opinion(0), Opinion::ask);
  truth.reset("aaaaa");
  EXPECT_EQ(truth.opinion(0), Opinion::ask);
  truth.reset("a");
  EXPECT_EQ(truth.opinion(0), Opinion::no);
  std::vector<std::uint32_t> touched;
  truth.scan_block("x\nx\na\nx", touched);
  EXPECT_EQ(touched, (std::vector<std::uint32_t>{0, 2, 6}));
  const Opinion opinions[] = {Opinion::yes, Opinion::ask, Opinion::no, Opinion::yes};
  for (std::uint32_t line = 0; line < 4; ++line) {
    truth.reset_to_line(2 * line, line == 2 ? "a" : "x");
    EXPECT_EQ(truth.opinion(0), opinions[line]) << line;
  }
}

TEST(Truth, AFurtherLiteralInEitherCase) {
  Fixture f({Answer::yes});
  f.parts.plan.any.gated = {{Gate{}, 0}};
  f.parts.patterns[0].also = {{100, {"one", "two"}}, {10, {"three"}}};
  const Program program(f.parts);
  Truth truth(program, Path::scan);

  struct Row {
    const char* text;
    Opinion opinion;
  };

  const Row rows[] = {{"ONE Three", Opinion::ask},
                      {"two three", Opinion::ask},
                      {"three", Opinion::no},
                      {"one two", Opinion::no},
                      {"one two two one", Opinion::ask},  // longer than the second is believed
                      {"on e three three", Opinion::no}};
  for (const Row& row : rows) {
    truth.reset(row.text);
    EXPECT_EQ(truth.opinion(0), row.opinion) << row.text;
    EXPECT_EQ(truth.opinion(0), row.opinion) << row.text << ", again";
  }
  EXPECT_EQ(f.engines[0]->asked, 0);
}

TEST(Truth, APatternsOwnSpellingRulesItOut) {
  const auto table = compiler::compile_text(Dialect::pcre, "t", "/from[0-9]+ (?!x)/ A\n", {});
  const Program& program = *table.full;
  ASSERT_GT(program.patterns()[0].spelled.trusted_bytes, 100U) << program.patterns()[0].reason;
  Truth truth(program, Path::scan);
  truth.reset("from1x 2 y");
  ASSERT_EQ(truth.candidates().size(), 1U);
  EXPECT_EQ(truth.opinion(0), Opinion::no);
  truth.reset("from22 x");
  EXPECT_EQ(truth.opinion(0), Opinion::ask);
  EXPECT_EQ(truth.ask(0).answer, Answer::no);
  truth.reset("from22 y");
  EXPECT_EQ(truth.opinion(0), Opinion::ask);
  EXPECT_EQ(truth.ask(0).answer, Answer::yes);
}

TEST(Truth, CapturesAreAskedForAgain) {
  Fixture f({Answer::yes, Answer::no});
  f.parts.plan.any.gated = {{Gate{}, 0}, {Gate{}, 1}};
  const Program program(f.parts);
  Truth truth(program, Path::scan);
  truth.reset("xyz");
  truth.ask(0);
  truth.ask(1);
  EXPECT_EQ(truth.captures(0).size(), 2U);
  EXPECT_EQ(f.engines[0]->asked, 2);
  EXPECT_EQ(truth.captures(0).size(), 2U);
  EXPECT_EQ(f.engines[0]->asked, 2);
}

// Tables of one owner are asked in turn; the captures of one are no business of the other.
TEST(Truth, TablesOfOneOwnerShareTheirScratch) {
  const auto one = compiler::compile_text(Dialect::pcre, "one", "/(a+)(b+) x/ <$1> <$2>\n", {});
  const auto other =
      compiler::compile_text(Dialect::pcre, "other", "/((((c))))/ $4\n/[0-9]{3}(?=d)/ D\n", {});
  const auto scratch = std::make_shared<match::Scratch>();
  ProgramLookup first(one.full, "one", {}, Path::scan, nullptr, scratch);
  ProgramLookup second(other.full, "other", {}, Path::scan, nullptr, scratch);
  EXPECT_EQ(scratch.use_count(), 3);
  const auto answer = [](ProgramLookup& lookup, std::string_view key) {
    const auto found = *lookup.find(key);
    return found ? found->value : "none";
  };
  const std::string_view block = "nothing\naab x\nc\n123d\n";
  std::vector<std::uint32_t> touched, touched_too;
  ASSERT_TRUE(first.scan(block, touched) && second.scan(block, touched_too));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ((*first.find_line(8, "aab x"))->value, "<aa> <b>");
    EXPECT_EQ((*second.find_line(14, "c"))->value, "c");
    EXPECT_EQ((*second.find_line(16, "123d"))->value, "D");
    EXPECT_EQ(answer(first, "abb x"), "<a> <bb>");
    EXPECT_EQ(answer(second, "456d"), "D");
    EXPECT_EQ(answer(first, "c"), "none");
    EXPECT_EQ(answer(second, "c"), "c");
  }
}

}  // namespace
}  // namespace headgate::rules
