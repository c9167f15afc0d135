#include "smtpd/session/tls_policy.h"

#include <gtest/gtest.h>

namespace headgate::session {
namespace {

config::Settings settings() {
  config::Settings settings;
  settings.tls_medium_cipherlist = "MEDIUMLIST";
  settings.tls_high_cipherlist = "HIGHLIST";
  settings.smtpd_tls_ciphers = settings.smtpd_tls_mandatory_ciphers = "medium";
  settings.smtpd_tls_protocols = ">=TLSv1.2";
  settings.smtpd_tls_mandatory_protocols = ">=TLSv1.3";
  return settings;
}

TEST(TlsPolicy, LevelsAndTheParametersBeforeThem) {
  struct Row {
    const char* level;
    bool use, enforce, wrapper, expect_use, expect_required;
  };

  const Row rows[] = {
      {"", false, false, false, false, false},     {"", true, false, false, true, false},
      {"", false, true, false, true, true},        {"", false, false, true, true, true},
      {"none", true, true, false, false, false},   {"none", false, false, true, true, true},
      {"may", false, true, false, true, false},    {"encrypt", false, false, false, true, true},
      {"secure", false, false, false, true, true},
  };
  for (const Row& row : rows) {
    config::Settings s = settings();
    s.smtpd_tls_security_level = row.level;
    s.smtpd_use_tls = row.use;
    s.smtpd_enforce_tls = row.enforce;
    s.smtpd_tls_wrappermode = row.wrapper;
    EXPECT_EQ(uses_tls(s), row.expect_use) << row.level << row.use << row.enforce << row.wrapper;
    EXPECT_EQ(requires_tls(s), row.expect_required) << row.level << row.enforce << row.wrapper;
  }
}

TEST(TlsPolicy, CiphersFollowTheGradeAndItsExclusions) {
  config::Settings s = settings();
  s.smtpd_tls_security_level = "may";
  s.smtpd_tls_mandatory_ciphers = "high";
  s.smtpd_tls_exclude_ciphers = {"aNULL", "kEDH+aRSA", "!RC4"};
  s.smtpd_tls_mandatory_exclude_ciphers = {"SHA1"};
  EXPECT_EQ(tls_options(s, "smtp").ciphers, "MEDIUMLIST:!aNULL:!kEDH+aRSA");
  EXPECT_EQ(tls_options(s, "smtp").protocols, ">=TLSv1.2");
  s.smtpd_tls_security_level = "encrypt";
  EXPECT_EQ(tls_options(s, "smtp").ciphers, "HIGHLIST:!aNULL:!kEDH+aRSA:!SHA1");
  EXPECT_EQ(tls_options(s, "smtp").protocols, ">=TLSv1.3");
  s.smtpd_tls_exclude_ciphers.clear();
  s.smtpd_tls_mandatory_exclude_ciphers.clear();
  s.smtpd_tls_ask_ccert = true;
  EXPECT_EQ(tls_options(s, "smtp").ciphers, "HIGHLIST:!aNULL");
}

TEST(TlsPolicy, ChainFilesComeBeforeTheFilesForEachKindOfKey) {
  config::Settings s = settings();
  s.smtpd_tls_cert_file = "/r.pem";
  s.smtpd_tls_key_file = "/rk.pem";
  s.smtpd_tls_dcert_file = "none";
  s.smtpd_tls_eccert_file = s.smtpd_tls_eckey_file = "/e.pem";
  const net::TlsOptions options = tls_options(s, "smtp");
  ASSERT_EQ(options.pairs.size(), 2U);
  EXPECT_EQ(options.pairs[0].certificate_parameter, "smtpd_tls_cert_file");
  EXPECT_EQ(options.pairs[0].key_file, "/rk.pem");
  EXPECT_EQ(options.pairs[1].kind, "ECDSA");
  EXPECT_EQ(options.pairs[1].key_parameter, "smtpd_tls_eckey_file");
  s.smtpd_tls_chain_files = {"/a.pem"};
  EXPECT_TRUE(tls_options(s, "smtp").pairs.empty());
  EXPECT_EQ(tls_options(s, "smtp"), tls_options(s, "smtp"));
  EXPECT_NE(tls_options(s, "smtp"), tls_options(s, "smtps"));
}

TEST(TlsPolicy, AClientCertificateIsRequiredWhereTlsIsOnly) {
  config::Settings s = settings();
  s.smtpd_tls_req_ccert = true;
  s.smtpd_tls_security_level = "may";
  EXPECT_FALSE(requires_client_certificate(s));
  EXPECT_FALSE(tls_options(s, "smtp").ask_certificate);
  s.smtpd_tls_security_level = "encrypt";
  EXPECT_TRUE(requires_client_certificate(s));
  EXPECT_TRUE(tls_options(s, "smtp").ask_certificate);
}

TEST(TlsPolicy, WhatIsAskedForInVainIsWarnedOf) {
  config::Settings s = settings();
  s.smtpd_tls_security_level = "may";
  s.smtpd_tls_chain_files = {"/a.pem"};
  EXPECT_TRUE(tls_warnings(s).empty());
  s.smtpd_tls_req_ccert = true;
  s.smtpd_tls_eccert_file = "/e.pem";
  const std::vector<std::string> both = tls_warnings(s);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_NE(both[0].find("the legacy  parameters will be ignored"), std::string::npos);
  EXPECT_EQ(both[1], "Can't require client certs unless TLS is required");
  s.smtpd_tls_security_level = "verify";
  EXPECT_EQ(tls_warnings(s)[0],
            "smtpd_tls_security_level: unsupported TLS level \"verify\", using \"encrypt\"");
  s.smtpd_tls_security_level = "none";
  EXPECT_TRUE(tls_warnings(s).empty());
}

TEST(TlsPolicy, LogLevelsAreNumbersOrWords) {
  const std::pair<const char*, int> cases[] = {{"0", 0},       {"1", 1},     {"2", 2}, {"none", 0},
                                               {"Routine", 1}, {"debug", 2}, {"", 0}};
  for (const auto& [text, level] : cases) {
    config::Settings s = settings();
    s.smtpd_tls_loglevel = text;
    EXPECT_EQ(tls_log_level(s), level) << text;
  }
}

}  // namespace
}  // namespace headgate::session
