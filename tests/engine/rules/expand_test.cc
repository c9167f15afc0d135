#include "engine/rules/expand.h"

#include <gtest/gtest.h>

namespace headgate::rules {
namespace {

TEST(Expand, FillsGroupsAndIgnoresWhatIsNotThere) {
  const std::vector<Piece> value{{"a ", 0}, {"", 1}, {"-", 0}, {"", 2}, {"", 9}};
  const std::vector<match::Group> groups{{0, 4}, {1, 3}, {0, 0}};
  EXPECT_EQ(expand(value, "wxyz", groups), "a xy-");
  EXPECT_EQ(expand(value, "wxyz", {}), "a -");
  EXPECT_TRUE(needs_captures(value));
  EXPECT_FALSE(needs_captures(std::vector<Piece>{{"x", 0}}));
}

TEST(Expand, OffsetsOutsideTheSubjectGiveNothing) {
  const std::vector<Piece> value{{"", 1}};
  const std::vector<match::Group> groups{{0, 1}, {2, 99}};
  EXPECT_EQ(expand(value, "abc", groups), "");
}

}  // namespace
}  // namespace headgate::rules
