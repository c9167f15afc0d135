#include "smtpd/bench/table_text.h"

namespace headgate::bench {
namespace {

constexpr std::string_view kTable =
    "# a comment\n"
    "/one/ REJECT\n"
    "if /^Subject:/\n"
    "/two/\n"
    "  REJECT folded\n"
    "if /x/\n"
    "/three/ REJECT\n"
    "endif\n"
    "endif\n"
    "#@emergency\n"
    "/four/ REJECT\n";

TEST(TableText, CountsRules) { EXPECT_EQ(4U, TableText(kTable).rule_count()); }

TEST(TableText, ASubsetOfAllIsAll) {
  EXPECT_EQ(
      "/one/ REJECT\nif /^Subject:/\n/two/  REJECT folded\nif /x/\n/three/ "
      "REJECT\nendif\nendif\n/four/ REJECT\n",
      TableText(kTable).subset(4, 7));
}

TEST(TableText, ASubsetHasNoEmptyGroupsAndDependsOnTheSeedAlone) {
  const TableText table(kTable);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const std::string some = table.subset(1, seed);
    EXPECT_EQ(some, table.subset(1, seed));
    EXPECT_EQ(1U, TableText(some).rule_count()) << some;
    const bool inner = some.find("three") != std::string::npos;
    EXPECT_EQ(inner, some.find("if /x/") != std::string::npos) << some;
    const bool outer = inner || some.find("two") != std::string::npos;
    EXPECT_EQ(outer, some.find("Subject") != std::string::npos) << some;
  }
}

TEST(TableText, GroupsAreAddedAroundRules) {
  EXPECT_EQ(
      "if /o/\n/one/ REJECT\nendif\nif /^Subject:/\nif /t/\n/two/  REJECT folded\nendif\nif "
      "/x/\n/three/ REJECT\nendif\nendif\n#@emergency\n/four/ REJECT\n",
      TableText(kTable).with_groups({{"/o/", 2, 2}, {"/t/", 4, 4}}));
}

TEST(TableText, KnowsWhatIsMarked) {
  EXPECT_TRUE(TableText(kTable).is_marked(11));
  EXPECT_FALSE(TableText(kTable).is_marked(2));
}

}  // namespace
}  // namespace headgate::bench
