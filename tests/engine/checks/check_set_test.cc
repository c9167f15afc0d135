#include "engine/checks/check_set.h"

#include <gtest/gtest.h>

#include "tests/support/fake_lookup.h"

namespace headgate::checks {
namespace {

using support::FakeLookup;

TEST(CheckSet, MimeAndNestedInheritTheHeaderList) {
  CheckSet checks;
  EXPECT_TRUE(checks.empty());
  checks.header->tables.push_back(
      std::make_unique<FakeLookup>("fake:h", std::vector<std::pair<std::string, std::string>>{}));
  EXPECT_EQ(&checks.of(KeyClass::mime), &checks.of(KeyClass::header));
  EXPECT_EQ(&checks.of(KeyClass::nested), &checks.of(KeyClass::header));
  EXPECT_NE(&checks.of(KeyClass::body), &checks.of(KeyClass::header));
  EXPECT_FALSE(checks.empty());
}

TEST(TableList, TheFirstAnswerWins) {
  TableList list;
  list.tables.push_back(std::make_unique<FakeLookup>(
      "fake:1", std::vector<std::pair<std::string, std::string>>{{"a", "DUNNO"}}));
  list.tables.push_back(std::make_unique<FakeLookup>(
      "fake:2", std::vector<std::pair<std::string, std::string>>{{"", "REJECT"}}));
  EXPECT_EQ((*list.find("a"))->value, "DUNNO");
  EXPECT_EQ((*list.find("b"))->value, "REJECT");
}

TEST(TableList, AnErrorStopsTheListAndNamesTheTable) {
  TableList list;
  list.tables.push_back(std::make_unique<FakeLookup>(
      "fake:1", [](std::string_view) { return fail(Code::unavailable, "gone"); }));
  list.tables.push_back(std::make_unique<FakeLookup>(
      "fake:2", std::vector<std::pair<std::string, std::string>>{{"", "REJECT"}}));
  const auto answer = list.find("x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what, "gone");
  EXPECT_EQ(answer.error().where, "fake:1");
}

TEST(TableList, NothingFoundIsNoError) {
  TableList list;
  const auto answer = list.find("x");
  ASSERT_TRUE(answer);
  EXPECT_FALSE(*answer);
}

}  // namespace
}  // namespace headgate::checks
