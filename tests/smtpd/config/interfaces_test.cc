#include "smtpd/config/interfaces.h"

#include <gtest/gtest.h>

namespace headgate::config {
namespace {

TEST(IsLoopbackHost, LiteralsAndLocalhost) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"192.0.2.1", "0.0.0.0", "::", "[fd00::1]", "[::ffff:127.0.0.1]"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(NetworksText, HostsOrSubnets) {
  const std::vector<InterfaceAddress> addresses{{"127.0.0.1", false, 8},
                                                {"192.0.2.77", false, 26},
                                                {"::1", true, 128},
                                                {"fd00::2", true, 64},
                                                {"127.0.0.2", false, 8}};
  EXPECT_EQ(networks_text(addresses, false),
            "127.0.0.1/32 192.0.2.77/32 [::1]/128 [fd00::2]/128 127.0.0.2/32");
  EXPECT_EQ(networks_text(addresses, true), "127.0.0.0/8 192.0.2.64/26 [::1]/128 [fd00::]/64");
}

TEST(SplitEndpoint, HostAndPort) {
  EXPECT_EQ(split_endpoint("smtp").port, "smtp");
  EXPECT_EQ(split_endpoint("smtp").host, "");
  EXPECT_EQ(split_endpoint("127.0.0.1:2525").host, "127.0.0.1");
  EXPECT_EQ(split_endpoint("[::1]:25").host, "::1");
  EXPECT_EQ(split_endpoint("[::1]:25").port, "25");
  EXPECT_EQ(split_endpoint(":25").host, "");
}

TEST(PortNumber, NumbersKnownNamesAndStrangers) {
  constexpr std::string_view kKnown = "lmtp=24, smtp=25, smtps=submissions=465";
  EXPECT_EQ(port_number("2525", kKnown), "2525");
  EXPECT_EQ(port_number("smtp", kKnown), "25");
  EXPECT_EQ(port_number("smtps", kKnown), "465");
  EXPECT_EQ(port_number("submissions", kKnown), "465");
  EXPECT_EQ(port_number("no-such-port", kKnown), "no-such-port");
}

TEST(MachineName, IsNeverEmpty) { EXPECT_FALSE(machine_name().empty()); }

}  // namespace
}  // namespace headgate::config
