#include "smtpd/proto/reply.h"

#include <gtest/gtest.h>

#include "smtpd/proto/replies.h"

namespace headgate::proto {
namespace {

TEST(Reply, Bytes) {
  EXPECT_EQ(reply::ok().bytes(), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(Reply(250, "", std::vector<std::string>{"h", "A", "B"}).bytes(),
            "250-h\r\n250-A\r\n250 B\r\n");
  EXPECT_EQ(Reply(550, "5.7.1", std::vector<std::string>{"a", "b"}).bytes(),
            "550-5.7.1 a\r\n550 5.7.1 b\r\n");
  EXPECT_EQ(Reply(250, "", std::vector<std::string>{}).bytes(), "250 \r\n");
}

TEST(Reply, NothingSmugglesAReply) {
  EXPECT_EQ(Reply(554, "5.7.1", "a\r\n250 ok\tx\x7f").bytes(), "554 5.7.1 a  250 ok x \r\n");
  EXPECT_EQ(Reply(554, "", std::string("a\0b", 3)).bytes(), "554 a b\r\n");
}

TEST(Reply, CutAt510WithoutSplittingUtf8) {
  EXPECT_EQ(Reply(554, "5.7.1", std::string(2000, 'x')).bytes().size(), 512U);
  const std::string bytes = Reply(554, "", std::string(505, 'x') + "\xC3\xA9\xC3\xA9").bytes();
  EXPECT_EQ(bytes.size(), 511U);
  EXPECT_EQ(bytes.substr(bytes.size() - 3), "x\r\n");
  EXPECT_EQ(Reply(554, "", "a\xC3\xA9").bytes(), "554 a\xC3\xA9\r\n");
  EXPECT_EQ(Reply(554, "", "a\xE9").bytes(), "554 a \r\n");
}

TEST(Reply, Closes) {
  EXPECT_TRUE(Reply(421, "4.3.2", "x").closes());
  EXPECT_TRUE(Reply(521, "", "x").closes());
  EXPECT_TRUE(reply::bye().closes());
  EXPECT_TRUE(reply::bare_newline("h", true).closes());
  EXPECT_FALSE(reply::bare_newline("h", false).closes());
  EXPECT_FALSE(Reply(554, "5.7.1", "x").closes());
}

TEST(Reply, SoftBounce) {
  EXPECT_EQ(Reply(521, "5.7.1", "x").softened().first_line(), "421 4.7.1 x");
  EXPECT_EQ(Reply(550, "", "x").softened().first_line(), "450 x");
  EXPECT_EQ(Reply(450, "4.7.1", "x").softened().first_line(), "450 4.7.1 x");
  EXPECT_EQ(reply::ok().softened().first_line(), "250 2.0.0 Ok");
}

TEST(Reply, FromText) {
  const std::tuple<std::string_view, std::string_view, bool> cases[] = {
      {"554 no", "554 5.7.1 no", false},
      {"521 4.7.1 gone", "521 5.7.1 gone", false},  // the class is forced to the code's
      {"450 4.3.2 later", "450 4.3.2 later", false},
      {"550  5.1.1  x", "550 5.1.1 x", false},
      {"550 5.1.1", "550 5.1.1 ", false},
      {"550 5.1.1x", "550 5.7.1 5.1.1x", false},
      {"550 5.1234.1 x", "550 5.7.1 5.1234.1 x", false},
      {"55 x", "450 4.7.1 Service unavailable", true},
      {"650 x", "450 4.7.1 Service unavailable", true},
      {"5500 x", "450 4.7.1 Service unavailable", true},
      {"", "450 4.7.1 Service unavailable", true},
  };
  for (const auto& [text, expected, expect_repair] : cases) {
    bool repaired = false;
    EXPECT_EQ(Reply::from_text(text, "5.7.1", &repaired).first_line(), expected) << text;
    EXPECT_EQ(repaired, expect_repair) << text;
  }
}

}  // namespace
}  // namespace headgate::proto
