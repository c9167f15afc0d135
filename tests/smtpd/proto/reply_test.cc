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

// A whole reply of 40,000 bytes: Postfix cuts none.
TEST(Reply, LongTextsStayWhole) {
  EXPECT_EQ(Reply(554, "5.7.1", std::string(40000, 'x')).bytes().size(), 40012U);
}

TEST(Reply, WhatLooksLikeUtf8Stays) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      // text, with smtputf8_enable, without
      {"caf\xC3\xA9", "caf\xC3\xA9", "caf  "},
      {"caf\xC3\xA9 \xE9", "caf\xC3\xA9  ", "caf    "},
      {"\xFE\x80 z", "\xFE\x80 z", "   z"},
      {"\xF8\x88\x80\x80\x80 z", "\xF8\x88\x80\x80\x80 z", "      z"},
      {"\xED\xA0\x80 z", "\xED\xA0\x80 z", "    z"}};
  for (const auto& [text, with, without] : cases) {
    const Reply reply(554, "", std::string(text));
    EXPECT_EQ(reply.bytes(true), "554 " + std::string(with) + "\r\n");
    EXPECT_EQ(reply.bytes(false), "554 " + std::string(without) + "\r\n");
  }
}

TEST(Reply, Closes) {
  EXPECT_TRUE(Reply(421, "4.3.2", "x").closes());
  EXPECT_TRUE(Reply(521, "", "x").closes());
  EXPECT_TRUE(reply::bye().closes());
  EXPECT_TRUE(reply::bare_newline(550, "h", true).closes());
  EXPECT_FALSE(reply::bare_newline(550, "h", false).closes());
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
