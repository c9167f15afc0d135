// Beside what the plain loop would say, on texts longer than what is looked at at once.
#include "engine/mail/lines.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace headgate::mail {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

TEST(Lines, WholeLinesShorterThanTheLimit) {
  struct Case {
    std::string_view text;
    std::size_t limit;
    std::string_view whole;
  };

  for (const Case& c : std::vector<Case>{{"", 4, ""},
                                         {"a", 4, ""},
                                         {"\n", 4, "\n"},
                                         {"\n", 1, "\n"},
                                         {"a\n", 1, ""},
                                         {"a\nb", 4, "a\n"},
                                         {"abc\n", 4, "abc\n"},
                                         {"abcd\n", 4, ""},
                                         {"abc\nabcd\nx\n", 4, "abc\n"},
                                         {"a\n\n\nab\nabc\nabcd", 4, "a\n\n\nab\nabc\n"},
                                         {"abcdefgh\nx\ny", 0, "abcdefgh\nx\n"},
                                         {"abcdefgh", 0, ""}})
    EXPECT_EQ(whole_lines(c.text, c.limit), c.whole) << c.text << " at " << c.limit;
}

TEST(Lines, LinesBeforeAByte) {
  constexpr std::string_view kText = "ab\n\nc\n";
  constexpr std::string_view kBefore[] = {"", "", "", "ab\n", "ab\n\n", "ab\n\n", kText};
  for (std::size_t at = 0; at < std::size(kBefore); ++at)
    EXPECT_EQ(lines_before(kText, at), kBefore[at]) << at;
  EXPECT_EQ(lines_before(kText, kNone), kText);
  EXPECT_EQ(lines_before("", kNone), "");
}

TEST(Lines, EachLineWithoutItsEnd) {
  std::vector<std::string> lines;
  each_line("a\n\nb\n", [&](std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "", "b"}));
}

TEST(Lines, TheFirstThatBeginsWithTwoDashes) {
  EXPECT_EQ(find_delimiter_like("--a\n--b\n"), 0U);
  EXPECT_EQ(find_delimiter_like("a--\n-b\n- -\n"), kNone);
  EXPECT_EQ(find_delimiter_like(""), kNone);
  const std::string text(600, 'x');
  for (std::size_t at = 1; at < 500; ++at) {
    std::string one = text;
    one.replace(at, 3, "\n--");
    EXPECT_EQ(find_delimiter_like(one), at + 1);
    EXPECT_EQ(find_delimiter_like(std::string_view(one).substr(0, at + 3)), at + 1);
    EXPECT_EQ(find_delimiter_like(std::string_view(one).substr(0, at + 2)), kNone);
  }
}

TEST(Lines, CountedAsOneByOne) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 700; ++size) {
    std::string text(size, '\n');
    std::size_t lines = size;
    for (char& c : text) {
      if (size % 3 != 0 && random() % 2 != 0) {
        c = 'x';
        --lines;
      }
    }
    EXPECT_EQ(count_lines(text), lines) << size;
  }
}

}  // namespace
}  // namespace headgate::mail
