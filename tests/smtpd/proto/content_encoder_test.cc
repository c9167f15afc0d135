#include "smtpd/proto/content_encoder.h"

#include <gtest/gtest.h>

namespace headgate::proto {
namespace {

std::string encoded(std::string_view content, std::size_t limit, std::size_t step) {
  ContentEncoder encoder(limit);
  std::string out;
  for (std::size_t i = 0; i < content.size(); i += step)
    encoder.encode(content.substr(i, step), out);
  encoder.finish(out);
  return out;
}

TEST(ContentEncoder, Table) {
  const struct {
    std::string content;
    std::size_t limit;
    std::string expected;
  } rows[] = {
      {"", 998, ".\r\n"},
      {"a\n", 998, "a\r\n.\r\n"},
      {"a", 998, "a\r\n.\r\n"},
      {".\n..\n.a\n", 998, "..\r\n...\r\n..a\r\n.\r\n"},
      {"\n\n", 998, "\r\n\r\n.\r\n"},
      {"a.b\n", 998, "a.b\r\n.\r\n"},
      {"abcdefghij\n", 4, "abcd\r\n efg\r\n hij\r\n.\r\n"},
      {"abcd\n", 4, "abcd\r\n.\r\n"},
      {".bcde\n", 4, "..bcd\r\n e\r\n.\r\n"},  // the doubled dot is not the line's
      {"abcd.\n", 4, "abcd\r\n .\r\n.\r\n"},
      {"abcdefghij\n", 0, "abcdefghij\r\n.\r\n"},
  };

  for (const auto& row : rows)
    for (const std::size_t step : {1u, 2u, 3u, 1000u})
      EXPECT_EQ(row.expected, encoded(row.content, row.limit, step))
          << row.content << " step " << step;
}

TEST(ContentEncoder, SaysWhenItBrokeALine) {
  ContentEncoder encoder(4);
  std::string out;
  encoder.encode("abcd\n", out);
  EXPECT_FALSE(encoder.broke_a_line());
  encoder.encode("abcde\n", out);
  EXPECT_TRUE(encoder.broke_a_line());
  EXPECT_EQ("abcd\r\nabcd\r\n e\r\n", out);
}

TEST(ContentEncoder, NeverABareNewlineNeverALineTooLong) {
  std::string content;
  for (int i = 0; i < 5000; ++i) content += "x.\n\r"[(i * 7919) % 4];
  const std::string out = encoded(content, 10, 13);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] != '\n') continue;
    ASSERT_TRUE(i > 0 && out[i - 1] == '\r');
    ASSERT_LE(i - 1 - begin, 11u);  // ten and a doubled dot
    begin = i + 1;
  }
  EXPECT_EQ("\r\n.\r\n", out.substr(out.size() - 5));
  EXPECT_EQ(out.size() - 5, out.find("\r\n.\r\n"));
}

}  // namespace
}  // namespace headgate::proto
