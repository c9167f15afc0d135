#include "engine/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::text {
namespace {

using ::testing::ElementsAre;

TEST(Text, SplitListKeepsBraces) {
  EXPECT_THAT(split_list(" pcre:/a, regexp:/b\tpcre:{ {/x,y/ A B} }, c"),
              ElementsAre("pcre:/a", "regexp:/b", "pcre:{ {/x,y/ A B} }", "c"));
  EXPECT_THAT(split_list("a {b c"), ElementsAre("a", "{b c"));
}

TEST(Text, Printable) {
  EXPECT_EQ(printable("a\tb\n\x01\x7f"), "a?b???");
  EXPECT_EQ(printable("\xc3\xa9 \xff \xc3"), "\xc3\xa9 ? ?");
}

TEST(Text, IsAscii) {
  for (std::size_t length = 0; length < 20; ++length) {
    const std::string ascii(length, '\0');
    EXPECT_TRUE(is_ascii(ascii)) << length;
    EXPECT_TRUE(is_ascii(std::string(length, '\x7f'))) << length;
    for (std::size_t at = 0; at < length; ++at) {
      std::string other = ascii;
      other[at] = '\x80';
      EXPECT_FALSE(is_ascii(other)) << at << " of " << length;
    }
  }
}

TEST(Text, ValidUtf8) {
  EXPECT_TRUE(valid_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe0\x80\x80", "\x80"})
    EXPECT_FALSE(valid_utf8(bad)) << printable(bad);
}

TEST(Text, SpaceIsTheCLocale) {
  EXPECT_EQ(trim(" \v\f\r\n\tx\xa0 "), "x\xa0");
  EXPECT_TRUE(equal_ignore_case("ReJeCt", "rEjEcT"));
  EXPECT_FALSE(equal_ignore_case("\xc3\x89", "\xc3\xa9"));
}

TEST(Text, LowerIntoIsLowerOfEachByte) {
  std::string all;
  for (int round = 0; round < 3; ++round) {
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte * (2 * round + 1));
  }
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 250U, 700U}) {
      const std::string text = all.substr(begin, size);
      std::string out(size, '?');
      lower_into(text, out.data());
      std::string expected;
      for (const char c : text) expected += to_lower(c);
      EXPECT_EQ(out, expected) << begin << ", " << size;
    }
  }
}

}  // namespace
}  // namespace headgate::text
