#include "smtpd/net/address.h"

#include <gtest/gtest.h>

namespace headgate::net {
namespace {

TEST(Address, MappedAddressesAreShownAsIpv4) {
  const struct {
    const char* input;
    const char* shown;
    bool loopback;
  } cases[] = {
      {"127.0.0.1", "127.0.0.1", true},
      {"::1", "::1", true},
      {"[::1]", "::1", true},
      {"IPv6:2001:DB8::1", "2001:db8::1", false},
      {"::ffff:192.0.2.1", "192.0.2.1", false},
      {"::ffff:127.0.0.2", "127.0.0.2", true},
  };

  for (const auto& c : cases) {
    const auto address = parse_address(c.input);
    ASSERT_TRUE(address) << c.input;
    EXPECT_EQ(to_text(*address), c.shown);
    EXPECT_EQ(is_loopback(*address), c.loopback) << c.input;
  }
}

TEST(Address, ANameIsNoAddress) {
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "[]"})
    EXPECT_FALSE(parse_address(text)) << text;
}

}  // namespace
}  // namespace headgate::net
