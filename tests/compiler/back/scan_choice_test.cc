// Which way is taken for what pattern, with each way switched off in turn.
#include "compiler/back/scan_choice.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/compiler/back/plan_of.h"

namespace headgate::back {
namespace {

using rules::Strategy;

// "literal", with every way; else without those named by the letters: l literals, g gates, r regexes.
std::string way(const char* pattern, std::string_view without = "") {
  Switches switches;
  switches.literals = without.find('l') == std::string_view::npos;
  switches.gates = without.find('g') == std::string_view::npos;
  switches.regexes = without.find('r') == std::string_view::npos;
  const analyse::Plan plan = plan_of(pattern);
  return std::string(rules::name_of(choose_scan(plan, switches).strategy));
}

TEST(ScanChoice, TakesWhatIsCheapest) {
  struct Row {
    const char *pattern, *without, *way;
  };

  const Row rows[] = {
      {"viagra", "", "literal"},        {"viagra", "l", "native"},
      {"viagra", "lr", "bytes"},        {"viagra", "lrg", "confirm-only"},
      {"[a-z]{3}[0-9]", "g", "native"}, {"[a-z]{3}(?<!x)[0-9]", "g", "prefilter"},
      {"qq(?!x)zz", "", "literal"},     {"(a+)+$", "", "bytes"},
      {"(a+)+$", "g", "confirm-only"},  {".*", "", "confirm-only"},
      {"", "", "confirm-only"},         {"(?R)?viagra", "", "confirm-only"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(way(row.pattern, row.without), row.way) << row.pattern << " " << row.without;
}

// "name" is rare in mail, but not in Content-Type.
TEST(ScanChoice, AmongHeadersOfANameTheRarestLiteralCounts) {
  const analyse::Plan plan = plan_of("^Content-Type:.*name\\s*=.*gochewuestrueth.*\\.(exe|scr)");
  const ScanChoice choice = choose_scan(plan, {});
  ASSERT_NE(choice.named_literals, nullptr);
  EXPECT_EQ(choice.named_literals->any_of.front().bytes, "gochewuestrueth");
  // Longer texts are candidates without it: there the other literal is looked for first.
  EXPECT_TRUE(std::any_of(choice.also.begin(), choice.also.end(), [&](const auto& need) {
    return need.trusted_bytes > choice.named_literals->trusted_bytes &&
           need.any_of == std::vector<std::string>{"name"};
  }));
}

TEST(ScanChoice, GatesAskForNoMoreThanTheMatch) {
  const analyse::Plan plan = plan_of("a[xyz]+.{20}(?:q|[01])b?", 24);
  const ScanChoice choice = choose_scan(plan, {});
  EXPECT_EQ(choice.gate.all & match::symbol_of('a'), match::symbol_of('a'));
  EXPECT_EQ(choice.gate.all & match::symbol_of('b'), 0U);
  EXPECT_EQ(choice.gate.least_bytes, 24U);
  const auto open = [&](std::string_view text) {
    return choice.gate.open(match::symbols_of(text), text.size());
  };
  EXPECT_TRUE(open("AX                    1  "));
  EXPECT_FALSE(open("AX                    2  "));
  EXPECT_FALSE(open("A                     1  "));
  EXPECT_FALSE(open("AX 1"));
  EXPECT_GE(choice.gate_trusted_bytes, 1'000U);
}

TEST(ScanChoice, AnEmptyTextPassesAGateThatAsksForNothing) {
  const analyse::Plan plan = plan_of("^$");
  const ScanChoice choice = choose_scan(plan, {});
  EXPECT_TRUE(choice.gate.open(0, 0));
}

TEST(ScanChoice, FurtherLiteralsSayMoreThanTheFirst) {
  const analyse::Plan plan = plan_of("viagra.*cialis.*xanax.*agr");
  const ScanChoice choice = choose_scan(plan, {});
  ASSERT_EQ(choice.strategy, Strategy::literal);
  EXPECT_EQ(choice.also.size(), 2U);
  for (const rules::FurtherNeed& need : choice.also) {
    ASSERT_EQ(need.any_of.size(), 1U);
    EXPECT_NE(need.any_of.front(), choice.literals->any_of.front().bytes);
    EXPECT_NE(need.any_of.front(), "agr");
    EXPECT_GT(need.trusted_bytes, 0U);
  }
  Switches none;
  none.also = false;
  EXPECT_TRUE(choose_scan(plan, none).also.empty());
}

TEST(ScanChoice, AmongHeadersOfItsNameTheNameSaysNothing) {
  const analyse::Plan plan = plan_of("^Subject: .*viagra");
  const ScanChoice choice = choose_scan(plan, {});
  ASSERT_NE(choice.named_literals, nullptr);
  EXPECT_EQ(choice.named_literals->any_of.front().bytes, "viagra");
  const analyse::Plan only_name = plan_of("^Subject:");
  EXPECT_EQ(choose_scan(only_name, {}).named_literals, nullptr);
  Switches none;
  none.names = false;
  EXPECT_EQ(choose_scan(plan, none).named_literals, nullptr);
}

TEST(ScanChoice, OnlyWhatIsAskedOftenIsWorthASpelling) {
  EXPECT_TRUE(choose_scan(plan_of("from[0-9]+ (?!x)"), {}).worth_spelling);
  EXPECT_FALSE(choose_scan(plan_of("qzxqzxqzx[0-9]+ (?!x)"), {}).worth_spelling);
  Switches none;
  none.spelled = false;
  EXPECT_FALSE(choose_scan(plan_of("from[0-9]+ (?!x)"), none).worth_spelling);
}

TEST(ScanChoice, ItsCostIsThatOfTheWay) {
  const ScanChoice rare = choose_scan(plan_of("qzxqzxqzx"), {});
  const ScanChoice common = choose_scan(plan_of("order"), {});
  const ScanChoice unknown = choose_scan(plan_of(".*"), {});
  EXPECT_GT(rare.expected.cost, 0);
  EXPECT_LT(rare.expected.cost, common.expected.cost);
  EXPECT_LT(common.expected.cost, unknown.expected.cost);
  EXPECT_LT(rare.expected.per_byte, common.expected.per_byte);
  EXPECT_LE(common.expected_in_block.cost, common.expected.cost);
  const ScanChoice named = choose_scan(plan_of("^Subject: .*viagra"), {});
  EXPECT_GT(named.expected_named.cost, 0);
}

}  // namespace
}  // namespace headgate::back
