#include "engine/base/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Read {
  std::vector<std::string> lines;  // "first-last:text", with a trailing " @" for a mark
  std::vector<std::string> warnings;
};

void read_all(LogicalLines& lines, Read& out) {
  while (const auto line = lines.next()) {
    out.lines.push_back(fmt::format("{}-{}:{}{}", line->first_line, line->last_line, line->text,
                                    line->emergency ? " @" : ""));
  }
}

// Piece by piece, each time into new memory, and what was there before made unreadable.
Read read_in_pieces(std::string_view data, std::size_t piece) {
  Read out;
  std::string memory;
  const auto more = [&](std::string_view left) -> std::string_view {
    std::string next = std::string(left).append(data.substr(0, piece));
    data.remove_prefix(std::min(piece, data.size()));
    memory.assign(memory.size(), '?');
    memory.swap(next);
    return memory;
  };
  LogicalLines lines(more, "t", [&](const Diagnostic& d) { out.warnings.push_back(d.text); });
  read_all(lines, out);
  return out;
}

Read read(std::string_view data) {
  Read out;
  LogicalLines lines(data, "t", [&](const Diagnostic& d) { out.warnings.push_back(d.text); });
  read_all(lines, out);
  for (const std::size_t piece : {1U, 2U, 5U, 1000U}) {
    const Read pieces = read_in_pieces(data, piece);
    EXPECT_EQ(pieces.lines, out.lines) << piece;
    EXPECT_EQ(pieces.warnings, out.warnings) << piece;
  }
  return out;
}

TEST(LogicalLines, BlankAndCommentLinesDoNotEndALine) {
  EXPECT_THAT(read("/foo/\n# c\n\n   REJECT\n   # c2\n   x\n/bar/ B\n").lines,
              ElementsAre("1-6:/foo/   REJECT   x", "7-7:/bar/ B"));
}

TEST(LogicalLines, LastLineNeedsNoNewline) {
  EXPECT_THAT(read("a\nb").lines, ElementsAre("1-1:a", "2-2:b"));
}

TEST(LogicalLines, IndentedFirstLineIsDroppedWithWhatContinuesIt) {
  const Read r = read("# c\n /a/ X\n  more\n/b/ Y");
  EXPECT_THAT(r.lines, ElementsAre("4-4:/b/ Y"));
  EXPECT_THAT(r.warnings,
              ElementsAre("t: logical line must not start with whitespace: \" /a/ X  more\""));
}

TEST(LogicalLines, LongWarningIsCut) {
  EXPECT_THAT(
      read(" 234567890123456789012345678901").warnings,
      ElementsAre(
          "t: logical line must not start with whitespace: \" 23456789012345678901234567890...\""));
}

TEST(LogicalLines, NulCutsAndCrIsWhiteSpaceAtTheEnd) {
  EXPECT_THAT(read(std::string("/a/ X\0Y\n  Z\n/b/ W\r\n", 19)).lines,
              ElementsAre("1-2:/a/ X", "3-3:/b/ W"));
}

TEST(LogicalLines, NothingLeftIsSkipped) {
  EXPECT_THAT(read(std::string("\0x\n", 3)).lines, IsEmpty());
  EXPECT_THAT(read("").lines, IsEmpty());
  EXPECT_THAT(read("\n\n#\n").lines, IsEmpty());
}

TEST(LogicalLines, MarkBelongsToTheNextLine) {
  EXPECT_THAT(read("/a/ X\n#@emergency\n/b/ Y\n/c/ Z\n").lines,
              ElementsAre("1-1:/a/ X", "3-3:/b/ Y @", "4-4:/c/ Z"));
  EXPECT_THAT(read("# c\n  #@emergency  \n# d\n/b/ Y\n").lines, ElementsAre("4-4:/b/ Y @"));
}

TEST(LogicalLines, MarkBeforeAContinuationMarksNothing) {
  EXPECT_THAT(read("/a/\n#@emergency\n X\n/b/ Y\n").lines, ElementsAre("1-3:/a/ X", "4-4:/b/ Y"));
}

TEST(LogicalLines, AsTheyAre) {
  const std::string_view data("a \t\n b\r\n\0x\nc \0 d\n", 15);
  LogicalLines lines(
      data, "t", [](const Diagnostic&) {}, EmptyLines::as_is);
  EXPECT_EQ(lines.next()->text, "a \t b\r");
  EXPECT_EQ(lines.next()->text, "");
  EXPECT_EQ(lines.next()->text, "c ");
}

}  // namespace
}  // namespace headgate
