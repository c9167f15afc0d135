// Expected values were taken from a live Postfix 3.7.11 (the address in its reply), or, where the comment says "ours", are
// stricter on purpose.
#include "smtpd/proto/address.h"

#include <gtest/gtest.h>

namespace headgate::proto {
namespace {

struct Case {
  std::string_view given;
  std::optional<std::string> internal;
};

TEST(Address, ParsesAsPostfix) {
  const std::optional<std::string> none;
  const std::vector<Case> cases = {
      {"<alice>", "alice"},
      {"<a@b.example>", "a@b.example"},
      {"a@b.example", "a@b.example"},
      {"<\"a b\"@b.example>", "a b@b.example"},
      {"<\"no\\\"body\"@b.example>", "no\"body@b.example"},
      {"<\"a\".\"b\"@b.example>", "a.b@b.example"},
      {"<nob\\ody@b.example>", "nobody@b.example"},
      {"<\"x@o\"@b.example>", "x@o@b.example"},
      {"<\"a@b\">", "a@b"},
      {"<x@o@b.example>", "x@o@b.example"},
      {"<@r.example:x@b.example>", "x@b.example"},
      {"<@r.example,@s.example:x@b.example>", "x@b.example"},
      {"<alice @b.example>", "alice@b.example"},
      {"< alice >", "alice"},
      {"<alice (c)>", "alice"},
      {"<x@(c (d))b.example>", "x@b.example"},
      {"<a..b@b.example>", "a..b@b.example"},
      {"<.a.@b.example>", ".a.@b.example"},
      {"<x@O.example.>", "x@O.example."},
      {"<x@[192.0.2.1]>", "x@[192.0.2.1]"},
      {"<x@[IPv6:2001:db8::1]>", "x@[IPv6:2001:db8::1]"},
      {"<x@[ipv6:::1]>", "x@[ipv6:::1]"},
      {"<x@1o>", "x@1o"},
      {"<x@12.com>", "x@12.com"},
      {"<x@a_b>", "x@a_b"},
      {"<|cmd>", "|cmd"},
      {"<x%o@b.example>", "x%o@b.example"},
      {"<o!x>", "o!x"},
      {"<\"\"@b.example>", "@b.example"},
      // refused
      {"<>", none},
      {"", none},
      {"<a b@c>", none},
      {"<a@b", none},
      {"<a@b>x", none},
      {"<alice@>", none},
      {"<@>", none},
      {"<x@@>", none},
      {"<@r.example:>", none},
      {"<\"\">", none},
      {"<a@1.2.3.4>", none},
      {"<a@[x]>", none},
      {"<x@[::1]>", none},
      {"<x@[192.0.2.1].com>", none},
      {"<x@123>", none},
      {"<x@y..example>", none},
      {"<x@b.example..>", none},
      {"<x@.y.example>", none},
      {"<x@-y.example>", none},
      {"<x@y-.example>", none},
      {"<-x@b.example>", none},
      {"<\"-x\"@b.example>", none},
      {"<\"x@b.example>", none},
      {"<x\"@\"b.example>", none},
      {"<al\"i\"ce>", none},
      {"<alice,bob>", none},
      {"<a;b>", none},
      {"<a@b.example:25>", none},
      {"<x<y@b.example>", none},
      {"<alice><bob>", none},
      // ours: Postfix lets these through
      {"<x@\"b.example\">", none},
      {"<[x]@b.example>", none},
      {"<a:b@c.example>", none},
      {"<x@@b.example>", none},
      {"<a\rb@c.example>", none},
      {std::string_view("<a\0b@c.example>", 15), none},
      {"<a\x7f@c.example>", none},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_address(c.given, {}), c.internal) << c.given;
}

TEST(Address, EmptyAndStrict) {
  EXPECT_EQ(parse_address("<>", {true, false}), "");
  EXPECT_EQ(parse_address("<>", {true, true}), "");
  EXPECT_EQ(parse_address("< >", {true, false}), "");
  EXPECT_EQ(parse_address("<\"\">", {true, false}), std::nullopt);
  EXPECT_EQ(parse_address("a@b", {true, true}), std::nullopt);
  EXPECT_EQ(parse_address("<a@b (c)>", {true, true}), std::nullopt);
  EXPECT_EQ(parse_address("<@r:a@b>", {true, true}), std::nullopt);
  EXPECT_EQ(parse_address("<a@b>", {true, true}), "a@b");
}

TEST(Address, LengthIsBounded) {
  const std::string domain = "@b.example";
  const std::string longest(kMaxAddressBytes - domain.size(), 'x');
  EXPECT_TRUE(parse_address('<' + longest + domain + '>', {}));
  EXPECT_FALSE(parse_address("<x" + longest + domain + '>', {}));
}

TEST(Address, SplitsAtTheLastAt) {
  EXPECT_EQ(local_part("a@b@c"), "a@b");
  EXPECT_EQ(domain_part("a@b@c"), "c");
  EXPECT_EQ(local_part("alice"), "alice");
  EXPECT_EQ(domain_part("alice"), "");
}

TEST(Address, QuotingIsReadBackUnchanged) {
  for (const std::string address :
       {"a@b.example", "a b@b.example", "a\"b\\c@b.example", "x@o@b.example", ".a@b.example",
        "a..b@b.example", "a.@b.example", "(x)@b.example", "a,b", "alice", "@b.example"}) {
    const std::string quoted = quote_address(address);
    EXPECT_EQ(parse_address('<' + quoted + '>', {}), address) << quoted;
  }
  EXPECT_EQ(quote_address("a@b.example"), "a@b.example");
  EXPECT_EQ(quote_address("a b@c"), "\"a b\"@c");
  EXPECT_EQ(quote_address(""), "");
}

TEST(Address, Hostnames) {
  const std::string label63(63, 'a');
  for (const std::string& good :
       {std::string("a"), std::string("a.b"), std::string("1a.2"), std::string("_x.y"), label63}) {
    EXPECT_TRUE(valid_hostname(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a."), std::string(".a"), std::string("a..b"),
        std::string("1.2.3"), std::string("-a"), std::string("a-"), std::string("a.-b"),
        std::string("a b"), std::string("a\n"), label63 + "a", std::string(254, 'a') + ".b"}) {
    EXPECT_FALSE(valid_hostname(bad)) << bad;
  }
  EXPECT_EQ(literal_address("[IPv6:::1]"), "::1");
  EXPECT_EQ(literal_address("[192.0.2.1]"), "192.0.2.1");
  EXPECT_EQ(literal_address("[IPv6:192.0.2.1]"), "");
  EXPECT_EQ(literal_address("[]"), "");
}

}  // namespace
}  // namespace headgate::proto
