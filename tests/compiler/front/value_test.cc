#include "compiler/front/value.h"

#include <gtest/gtest.h>

namespace headgate::front {
namespace {

struct Row {
  const char* value;
  bool good;
  const char* shown;       // pieces, groups as <n>
  const char* complaints;  // joined by |
};

TEST(Value, LeftToRight) {
  const Row rows[] = {
      {"plain \\n text", true, "plain \\n text", ""},
      {"$1 ${2}x $(3) $$4", true, "<1> <2>x <3> $4", ""},
      {"$01 $4294967297", true, "<1> <1>", ""},
      {"$0", false, "", "out of range replacement index \"0\""},
      {"a $ b", false, "", "empty macro name: \"a $ b\""},
      {"${}", false, "", "empty macro name: \"${}\""},
      {"${1", false, "", "truncated macro reference: \"${1\""},
      {"${a{b}c}", false, "", "non-numeric replacement index \"a{b}c\""},
      {"$x $y", false, "",
       "non-numeric replacement index \"x\"|non-numeric replacement index \"y\""},
      {"$x ${y} $z", false, "", "non-numeric replacement index \"x\""},
      {"$4294967296", false, "", "out of range replacement index \"4294967296\""},
  };
  for (const Row& row : rows) {
    std::string complaints;
    const auto scanned = scan_value(Dialect::pcre, row.value, [&](Prefix, const std::string& text) {
      complaints += (complaints.empty() ? "" : "|") + text;
    });
    EXPECT_EQ(scanned.good, row.good) << row.value;
    EXPECT_EQ(complaints, row.complaints) << row.value;
    if (!row.good) continue;
    std::string shown;
    for (const Piece& piece : scanned.pieces) {
      shown += piece.group == 0 ? piece.literal : "<" + std::to_string(piece.group) + ">";
    }
    EXPECT_EQ(shown, row.shown) << row.value;
  }
}

TEST(Value, AnIndexThatWrapsBelowZeroIsHuge) {
  EXPECT_GT(
      scan_value(Dialect::pcre, "$2147483648", [](Prefix, const std::string&) {}).highest_group,
      1U << 31);
}

}  // namespace
}  // namespace headgate::front
