// What ways cost by figures that were measured: a count outweighs the guess, as far as the sample goes.
#include "compiler/back/costs.h"

#include <gtest/gtest.h>

#include "tests/compiler/back/plan_of.h"

namespace headgate::back {
namespace {

MailShapes mail_of(std::size_t texts, std::string_view text) {
  MailShapes mail;
  for (std::size_t i = 0; i < texts; ++i) mail.add(match::symbols_of(text), text.size());
  mail.finish();
  return mail;
}

TEST(Costs, SharesOfTheMail) {
  MailShapes mail;
  for (const std::string_view text : {"abc", "", "xyzw", "axxxxxxxxx"})
    mail.add(match::symbols_of(text), text.size());
  mail.finish();
  EXPECT_EQ(mail.bytes(), 21U);
  EXPECT_DOUBLE_EQ(mail.longer_than(3), 0.5);
  EXPECT_DOUBLE_EQ(mail.longer_than(4), 0.25);
  EXPECT_DOUBLE_EQ(mail.longer_than(10), 0);
  EXPECT_DOUBLE_EQ(mail.having(match::symbols_of("a")), 0.5);
  EXPECT_DOUBLE_EQ(mail.having(match::symbols_of("aw")), 0.75);
  rules::Gate gate;
  gate.all = match::symbols_of("a");
  gate.least_bytes = 4;
  EXPECT_DOUBLE_EQ(mail.open(gate), 0.25);
}

TEST(Costs, ACountOutweighsTheGuess) {
  const analyse::Plan plan = plan_of("viagra");
  ASSERT_EQ(plan.needs.literals.size(), 1U);
  const analyse::NeededLiterals& needed = plan.needs.literals.front();
  const MailShapes mail = mail_of(100'000, "it is all about viagra today, is it");
  const double guessed = Costs(plan, nullptr).of(needed).per_byte;
  double last = 0;
  for (const std::uint64_t texts : {0U, 10U, 1'000U, 100'000U}) {
    const Figures figures{&mail, 300, {{true, texts, 500}}, {}};
    const auto counted = static_cast<double>(texts);
    const Expected expected = Costs(plan, &figures).of(needed);
    EXPECT_GT(expected.per_byte, last);
    EXPECT_GE(expected.cost, expected.per_byte * 250);
    if (texts == 0)
      EXPECT_LT(expected.per_byte, guessed);
    else
      EXPECT_NEAR(expected.per_byte * static_cast<double>(mail.bytes()), counted, 0.1 * counted);
    last = expected.per_byte;
  }
}

TEST(Costs, WhatWasNotMeasuredIsGuessed) {
  const analyse::Plan plan = plan_of("viagra");
  const MailShapes mail = mail_of(10, "about viagra");
  const Figures figures{&mail, 300, {}, {}};
  const analyse::NeededLiterals& needed = plan.needs.literals.front();
  EXPECT_DOUBLE_EQ(Costs(plan, &figures).of(needed).per_byte,
                   Costs(plan, nullptr).of(needed).per_byte);
}

TEST(Costs, AlwaysIsAQuestionAText) {
  const analyse::Plan plan = plan_of(".*");
  const MailShapes mail = mail_of(10, "nineteen bytes it is");
  const Figures figures{&mail, 210, {}, {}};
  EXPECT_DOUBLE_EQ(Costs(plan, &figures).always().per_byte, 1 / 21.0);
  EXPECT_DOUBLE_EQ(Costs(plan, &figures).always().cost, 10);
}

}  // namespace
}  // namespace headgate::back
