// What is measured on mail, and what is chosen by it.
#include "compiler/back/measure.h"

#include <gtest/gtest.h>

#include "compiler/back/occurrences.h"
#include "compiler/back/scan_choice.h"
#include "compiler/compile.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/reference.h"
#include "engine/rules/program.h"
#include "engine/rules/program_lookup.h"
#include "tests/compiler/back/plan_of.h"

namespace headgate::back {
namespace {

rules::MailSample mail_of(std::size_t times, const std::vector<std::string>& texts,
                          bool body_lines = true) {
  rules::MailSample sample{body_lines, {}};
  for (std::size_t i = 0; i < times; ++i)
    sample.texts.insert(sample.texts.end(), texts.begin(), texts.end());
  return sample;
}

// A pattern with its engine, measured on a sample.
struct Case {
  Case(const char* pattern, const rules::MailSample& sample) : plan(plan_of(pattern)) {
    engine = *match::compile_reference(pattern, match::Reference{});
    measured = measure({{&plan, engine.get()}}, sample, compiler);
  }

  analyse::Plan plan;
  std::shared_ptr<const match::Confirmer> engine;
  InProcessCompiler compiler;
  Measured measured;
};

TEST(Occurrences, AreCountedByText) {
  const rules::MailSample sample =
      mail_of(1, {"spam, spam and spam", "ham", "", "SPAM", "xspam", "spam"});
  Occurrences occurrences(sample);
  const std::vector<bool> among = {true, true, true, true, false, false};
  const auto clause = [](bool caseless, bool at_start, bool at_end) {
    return analyse::Clause{{"spam", caseless, at_start, at_end}};
  };

  struct Row {
    analyse::Clause clause;
    const std::vector<bool>* among;
    std::vector<std::uint32_t> texts;
  };

  const Row rows[] = {
      {clause(false, false, false), nullptr, {0, 4, 5}},
      {clause(true, false, false), nullptr, {0, 3, 4, 5}},
      {clause(true, false, false), &among, {0, 3}},
      {clause(false, true, false), nullptr, {0, 5}},
      {clause(false, true, true), nullptr, {5}},
      {{{"ham", false, false, false}, {"xs", false, false, false}}, nullptr, {1, 4}},
      {{{"nowhere", false, false, false}}, nullptr, {}}};
  std::vector<std::size_t> numbers;
  for (const Row& row : rows) numbers.push_back(occurrences.want(row.clause, row.among));
  EXPECT_EQ(occurrences.want(rows[0].clause, nullptr), numbers[0]);
  const analyse::Plan rowed = plan_of("s[_.]?p[_.]?a[_.]?m");
  ASSERT_FALSE(rowed.rows.empty());
  const std::size_t by_row = occurrences.want(rowed.rows.front());
  InProcessCompiler compiler;
  occurrences.count(compiler);
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    const Occurrence& found = occurrences.of(numbers[i]);
    EXPECT_TRUE(found.known);
    EXPECT_EQ(found.texts, rows[i].texts.size()) << i;
    EXPECT_EQ(found.some, rows[i].texts) << i;
  }
  EXPECT_GE(occurrences.of(by_row).texts, 3U);
}

TEST(Occurrences, SomeOfMany) {
  const rules::MailSample sample = mail_of(1'000, {"spam", "ham"});
  Occurrences occurrences(sample);
  const std::size_t number = occurrences.want({{"spam", false, false, false}}, nullptr);
  InProcessCompiler compiler;
  occurrences.count(compiler);
  const Occurrence& found = occurrences.of(number);
  EXPECT_EQ(found.texts, 1'000U);
  EXPECT_EQ(found.some.size(), 12U);
  EXPECT_GT(*std::max_element(found.some.begin(), found.some.end()), 500U);
  for (const std::uint32_t text : found.some) EXPECT_EQ(text % 2, 0U);
}

// In this mail everybody writes of zqxzq, and nobody of the weather.
TEST(Measure, WhatIsRareHereIsLookedFor) {
  const char* pattern = "zqxzqjkwvzqx.*weather";
  const rules::MailSample odd =
      mail_of(20'000, {"it is zqxzqjkwvzqx again today", "some other words"});
  const analyse::Plan plan = plan_of(pattern);
  EXPECT_EQ(choose_scan(plan, {}).literals->any_of.front().bytes, "zqxzqjkwvzqx");
  const Case measured(pattern, odd);
  const ScanChoice choice = choose_scan(measured.plan, {}, measured.measured.of(0));
  ASSERT_NE(choice.literals, nullptr);
  EXPECT_EQ(choice.literals->any_of.front().bytes, "weather");
  ASSERT_EQ(choice.also.size(), 1U);
  EXPECT_EQ(choice.also.front().any_of.front(), "zqxzqjkwvzqx");
  EXPECT_LT(choice.expected.per_byte, choose_scan(plan, {}).expected.per_byte + 1e-6);
}

TEST(Measure, OfHeadersOnlyThoseOfItsNameCount) {
  const char* pattern = "^Subject:.*money.*offer";
  const rules::MailSample sample = mail_of(
      5'000, {"From: the money of an offer", "Subject: money is here", "Subject: else"}, false);
  const Case measured(pattern, sample);
  const Figures* figures = measured.measured.of(0);
  ASSERT_NE(figures, nullptr);
  EXPECT_DOUBLE_EQ(figures->mail->longer_than(13), 0.5);
  for (std::size_t i = 0; i < figures->literals.size(); ++i) {
    const std::string& literal = measured.plan.needs.literals[i].any_of.front().bytes;
    if (literal == "money" || literal == "offer") {
      EXPECT_EQ(figures->literals[i].texts, literal == "money" ? 5'000U : 0U);
    }
  }
  EXPECT_EQ(choose_scan(measured.plan, {}, figures).named_literals->any_of.front().bytes, "offer");
  const Case elsewhere("^X-Spam:.*money", sample);
  EXPECT_EQ(elsewhere.measured.of(0), nullptr) << "none of its headers: guessed";
}

// The plan for the other kind of texts stays what was guessed.
TEST(Measure, HeadersSayNothingAboutBodyLines) {
  const char* table = "/zqxzqjkwvzqx.*weather/ X\n";
  for (const bool body_lines : {false, true}) {
    const rules::MailSample sample =
        mail_of(20'000, {"X-Note: it is zqxzqjkwvzqx again", "To: nobody else"}, body_lines);
    compiler::CompileOptions options;
    options.mail = &sample;
    const auto compiled = compiler::compile_text(rules::Dialect::pcre, "t", table, options);
    EXPECT_NE(compiled.full->plan().measured, rules::MeasuredOn::nothing);
    const rules::Pattern& pattern = compiled.full->patterns().front();
    const auto& measured = body_lines ? pattern.in_block : pattern.alone;
    const auto& guessed = body_lines ? pattern.alone : pattern.in_block;
    EXPECT_EQ(measured.literals, std::vector<std::string>{"weather"});
    EXPECT_EQ(guessed.literals, std::vector<std::string>{"zqxzqjkwvzqx"});
    rules::ProgramLookup lookup(compiled.full, "t", nullptr);
    EXPECT_TRUE((*lookup.find("zqxzqjkwvzqx and weather")).has_value());
    EXPECT_FALSE((*lookup.find("weather and zqxzqjkwvzqx")).has_value());
  }
}

TEST(Measure, AsksTakeTheTimeTheyTake) {
  const rules::MailSample sample = mail_of(200, {std::string(24, 'a') + "!"});
  const Case cheap("zzz", sample), dear("(a|aa)+$", sample);
  ASSERT_NE(dear.measured.of(0), nullptr);
  EXPECT_GT(dear.measured.of(0)->ask, cheap.measured.of(0)->ask);
}

TEST(Measure, AnEmptySampleTellsNothing) {
  const Case nothing("zzz", rules::MailSample{true, {}});
  EXPECT_EQ(nothing.measured.of(0), nullptr);
}

}  // namespace
}  // namespace headgate::back
