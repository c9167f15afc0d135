#include "smtpd/proto/peer_attributes.h"

#include <gtest/gtest.h>

namespace headgate::proto {
namespace {

std::string complaint(const tl::expected<Xclient, Reply>& parsed) {
  return parsed ? "" : parsed.error().first_line();
}

std::string complaint(const tl::expected<Xforward, Reply>& parsed) {
  return parsed ? "" : parsed.error().first_line();
}

std::string xclient(const std::string& words) { return complaint(parse_xclient(tokenise(words))); }

std::string xforward(const std::string& words) {
  return complaint(parse_xforward(tokenise(words)));
}

// The answers of Postfix 3.7.11; "" is a 220.
// Tables know addresses in one form; what Postfix 3.7.11 makes of these.
TEST(PeerAttributes, AddressesAreNormalised) {
  const std::pair<std::string, std::string> cases[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"1.2.3.04", "1.2.3.4"},
      {"1.2.3.010", "1.2.3.8"},
      {"01.2.3.0000004", "1.2.3.4"},
      {"1.2.3.08", "bad"},
      {"1.2.3.256", "bad"},
      {"1.2.3", "bad"},
      {"1.2.3.4.", "bad"},
      {"1..2.3.4", "bad"},
      {"0x1.2.3.4", "bad"},
      {"IPV6:2001:DB8:0:0:0:0:0:9", "2001:db8::9"},
      {"IPv6:0:0::5", "::5"},
      {"IPV6:::ffff:1.2.3.4", "1.2.3.4"},
      {"IPV6:::FFFF:102:304", "1.2.3.4"},
      {"IPV6:::1.2.3.4", "::1.2.3.4"},
      {"IPV6:64:ff9b::1.2.3.4", "64:ff9b::102:304"},
      {"IPV6:1.2.3.4", "bad"},
      {"IPV6:fe80::1%lo", "bad"},
      {"::ffff:1.2.3.4", "bad"},
  };
  for (const auto& [given, expected] : cases) {
    const auto client = parse_xclient(tokenise("ADDR=" + given + " DESTADDR=" + given));
    EXPECT_EQ(client ? client->address : "bad", expected) << given;
    EXPECT_EQ(client ? client->server_address : "bad", expected) << given;
    const auto forwarded = parse_xforward(tokenise("ADDR=" + given));
    EXPECT_EQ(forwarded ? forwarded->address : "bad", expected) << given;
  }
}

TEST(PeerAttributes, XclientSyntax) {
  const std::pair<std::string, const char*> rows[] = {
      {"", "501 5.5.4 Syntax: XCLIENT attribute=value..."},
      {"NAME", "501 5.5.4 Error: attribute=value expected"},
      {"NAME=", "501 5.5.4 Error: attribute=value expected"},
      {"FOO=bar", "501 5.5.4 Bad XCLIENT attribute name: FOO"},
      {"NAME=a_b!", "501 5.5.4 Bad NAME syntax: a_b!"},
      {"NAME=[UNAVAILABLE]", ""},
      {"NAME=[TEMPUNAVAIL]", ""},
      {"NAME=[foo]", "501 5.5.4 Bad NAME syntax: [foo]"},
      {"NAME=1.2.3.4", "501 5.5.4 Bad NAME syntax: 1.2.3.4"},
      {"NAME=a+zz", "501 5.5.4 Bad NAME syntax: a+zz"},
      {"name=foo", ""},
      {"ADDR=foo", "501 5.5.4 Bad ADDR syntax: foo"},
      {"ADDR=[UNAVAILABLE]", ""},
      {"ADDR=[TEMPUNAVAIL]", "501 5.5.4 Bad ADDR syntax: [TEMPUNAVAIL]"},
      {"ADDR=2001:db8::1", "501 5.5.4 Bad ADDR syntax: 2001:db8::1"},
      {"ADDR=IPV6:2001:db8::1", ""},
      {"ADDR=IPv6:192.0.2.1", "501 5.5.4 Bad ADDR syntax: IPv6:192.0.2.1"},
      {"PORT=0", ""},
      {"PORT=x", "501 5.5.4 Bad PORT syntax: x"},
      {"PORT=012345678", "501 5.5.4 Bad PORT syntax: 012345678"},
      {"PROTO=FOO", "501 5.5.4 Bad PROTO syntax: FOO"},
      {"PROTO=[UNAVAILABLE]", "501 5.5.4 Bad PROTO syntax: [UNAVAILABLE]"},
      {"PROTO=esmtp", ""},
      {"HELO=a@b", ""},
      {"HELO=" + std::string(256, 'b'), "501 5.5.4 Error: attribute value too long"},
      {"HELO=" + std::string(255, 'b'), ""},
      {"REVERSE_NAME=a..b", "501 5.5.4 Bad REVERSE_NAME syntax: a..b"},
      {"DESTADDR=x", "501 5.5.4 Bad DESTADDR syntax: x"},
      {"DESTPORT=[UNAVAILABLE]", ""},
      {"NAME=good ADDR=bad", "501 5.5.4 Bad ADDR syntax: bad"},
  };
  for (const auto& [words, expected] : rows) EXPECT_EQ(xclient(words), expected) << words;
}

TEST(PeerAttributes, XclientValues) {
  const auto parsed =
      parse_xclient(tokenise("NAME=a+2Eb ADDR=192.0.2.1 PORT=77 PROTO=esmtp HELO=x+20y LOGIN=j+3Co "
                             "REVERSE_NAME=[TEMPUNAVAIL] DESTADDR=IPv6:::1 DESTPORT=25 NAME=c"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->name, "c");
  EXPECT_EQ(parsed->address, "192.0.2.1");
  EXPECT_EQ(parsed->port, 77);
  EXPECT_EQ(parsed->protocol, "ESMTP");
  EXPECT_EQ(parsed->helo, "x?y");
  EXPECT_EQ(parsed->login, "j?o");
  EXPECT_EQ(parsed->reverse_name, "unknown");
  EXPECT_EQ(parsed->server_address, "::1");
  EXPECT_EQ(parsed->server_port, 25);
  EXPECT_FALSE(parse_xclient(tokenise("LOGIN=[UNAVAILABLE]"))->login);
}

TEST(PeerAttributes, XforwardSyntax) {
  const std::pair<std::string, const char*> rows[] = {
      {"", "501 5.5.4 Syntax: XFORWARD attribute=value..."},
      {"FOO=bar", "501 5.5.4 Bad XFORWARD attribute name: FOO"},
      {"REVERSE_NAME=x", "501 5.5.4 Bad XFORWARD attribute name: REVERSE_NAME"},
      {"NAME=[TEMPUNAVAIL]", "501 5.5.4 Bad NAME syntax: [TEMPUNAVAIL]"},
      {"NAME=[UNAVAILABLE]", ""},
      {"ADDR=foo", "501 5.5.4 Bad ADDR syntax: foo"},
      {"PORT=x", "501 5.5.4 Bad PORT syntax: x"},
      {"PROTO=FOO", ""},
      {"SOURCE=x", "501 5.5.4 Bad SOURCE syntax: x"},
      {"SOURCE=local", ""},
      {"SOURCE=[UNAVAILABLE]", ""},
      {"IDENT=a b", "501 5.5.4 Error: attribute=value expected"},
      {"IDENT=" + std::string(256, 'b'), "501 5.5.4 Error: attribute value too long"},
  };
  for (const auto& [words, expected] : rows) EXPECT_EQ(xforward(words), expected) << words;
}

// What may stand in a log line: a blank and a control character may not.
TEST(PeerAttributes, XforwardValues) {
  const auto parsed = parse_xforward(
      tokenise("NAME=a+2eb HELO=x+20y+09z+3C PROTO=a+20b IDENT=i+0Aj SOURCE=LOCAL PORT=5"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->name, "a.b");
  EXPECT_EQ(parsed->helo, "x?y?z?");
  EXPECT_EQ(parsed->protocol, "a?b");
  EXPECT_EQ(parsed->ident, "i?j");
  EXPECT_EQ(parsed->local, true);
  EXPECT_TRUE(parsed->port);
  EXPECT_FALSE(parsed->address);
  EXPECT_EQ(parse_xforward(tokenise("IDENT=+zz"))->ident, "+zz");
  EXPECT_EQ(parse_xforward(tokenise("HELO=[UNAVAILABLE]"))->helo, "");
}

}  // namespace
}  // namespace headgate::proto
