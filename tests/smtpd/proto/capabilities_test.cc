#include "smtpd/proto/capabilities.h"

#include <gtest/gtest.h>

namespace headgate::proto {
namespace {

TEST(Capabilities, PostfixOrder) {
  const Capabilities all({10240000, true, true}, {});
  EXPECT_EQ(
      all.ehlo_reply("mx.example").bytes(),
      "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
      "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n");
  EXPECT_EQ(all.discard_log(), "");
  Features features;
  features.starttls = true;
  EXPECT_NE(Capabilities(features, {})
                .ehlo_reply("mx")
                .bytes()
                .find("250-ETRN\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n"),
            std::string::npos);
}

TEST(Capabilities, HiddenOnes) {
  const Capabilities some({0, false, false}, {"dsn", "Pipelining", "size", "chunking"});
  EXPECT_EQ(some.ehlo_reply("mx").bytes(),
            "250-mx\r\n250-ETRN\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n");
  EXPECT_FALSE(some.offers("DSN"));
  EXPECT_FALSE(some.offers("VRFY"));
  EXPECT_TRUE(some.offers("8BITMIME"));
  EXPECT_EQ(some.discard_log(), "discarding EHLO keywords: PIPELINING SIZE DSN CHUNKING");
  EXPECT_EQ(Capabilities({0, true, false}, {"dsn", "silent-discard"}).discard_log(), "");
  EXPECT_TRUE(Capabilities({5, true, false}, {}).offers("SIZE"));
}

}  // namespace
}  // namespace headgate::proto
