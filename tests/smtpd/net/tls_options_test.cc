#include "smtpd/net/tls_options.h"

#include <gtest/gtest.h>

namespace headgate::net {
namespace {

constexpr int kAll[] = {kSslV3, kTlsV1, kTlsV1_1, kTlsV1_2, kTlsV1_3};

std::string admitted(std::string_view list) {
  const Result<TlsVersions> versions = parse_tls_versions(list);
  if (!versions) return versions.error().what;
  std::string text;
  for (const int version : kAll) text += versions->admits(version) ? '1' : '0';
  return text;
}

// SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3
TEST(TlsVersions, EveryFormOfTheGrammar) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "11111"},
      {">=TLSv1.2", "00011"},
      {">=TLSv1, <=TLSv1.2", "01110"},
      {">=0x0303", "00011"},
      {"!SSLv2, !SSLv3", "01111"},
      {"!SSLv2:!SSLv3:!TLSv1 !tlsv1.1", "00011"},
      {"TLSv1.3", "00001"},
      {"TLSv1.2, TLSv1.3", "00011"},
      {"TLSv1.2, !TLSv1.2", "00000"},
      {">=TLSv1.1 !TLSv1.2", "00101"},
      {"SSLv2", "00000"},
  };
  for (const auto& [list, expected] : cases) EXPECT_EQ(admitted(list), expected) << list;
}

TEST(TlsVersions, WhatMeansNothingIsAnError) {
  for (const std::string_view list : {"TLS1.2", "!TLSv1.4", ">=", ">=0xzz", "<=TLS", "!"}) {
    EXPECT_EQ(admitted(list),
              "Invalid TLS protocol list \"" + std::string(list) + "\": disabling TLS support");
  }
}

}  // namespace
}  // namespace headgate::net
