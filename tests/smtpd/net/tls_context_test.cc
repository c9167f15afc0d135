// What becomes of certificates and parameters that are right, and of those that are wrong: Postfix's words.
#include "smtpd/net/tls_context.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_env.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/test_certificate.h"

namespace headgate::net {
namespace {

using testing::HasSubstr;
using testing_support::test_certificate;
using testing_support::TestCertificate;
using namespace std::chrono_literals;

class TlsContextTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  Result<std::shared_ptr<TlsContext>> open(const TlsOptions& options) {
    told_.clear();
    const auto keys = std::make_shared<TlsTicketKeys>(env_, options.session_timeout);
    return TlsContext::open(options, keys,
                            [this](const Diagnostic& d) { told_.push_back(d.text); });
  }

  // The Error's words, which `warn` heard first.
  std::string refused(const TlsOptions& options) {
    const auto context = open(options);
    if (context) return "opened";
    EXPECT_NE(std::find(told_.begin(), told_.end(), context.error().what), told_.end())
        << context.error().what;
    return context.error().text();
  }

  [[nodiscard]] TlsOptions good() const {
    TlsOptions options;
    options.chain_files = {write("chain.pem", one_.chain())};
    options.protocols = ">=TLSv1.2";
    options.ciphers = "HIGH";
    return options;
  }

  testing_support::FakeEnv env_;
  testing_support::ScratchDirectory directory_;
  const TestCertificate one_ = test_certificate("one.example"),
                        two_ = test_certificate("two.example");
  std::vector<std::string> told_;
};

TEST_F(TlsContextTest, ChainFilesAndPairsAreRead) {
  TlsOptions options = good();
  EXPECT_TRUE(open(options));
  EXPECT_EQ(told_, std::vector<std::string>());
  // Several keys in one file, each with what is above it, and text between the blocks.
  options.chain_files = {
      write("two.pem", "a comment\n" + one_.chain() + two_.certificate + "\n" + two_.chain())};
  EXPECT_TRUE(open(options));
  options.chain_files.clear();
  options.pairs = {{"RSA", "smtpd_tls_cert_file",
                    write("c.pem", one_.certificate + two_.certificate), "smtpd_tls_key_file",
                    write("k.pem", one_.key)}};
  EXPECT_TRUE(open(options));
  EXPECT_EQ(told_, std::vector<std::string>());
}

TEST_F(TlsContextTest, AChainFileThatIsWrongIsNamed) {
  TlsOptions options = good();
  const auto with = [&](const std::string& text) {
    options.chain_files = {write("bad.pem", text)};
    EXPECT_THAT(
        refused(options),
        HasSubstr("smtpd_tls_chain_files: error loading private keys and certificates from: "));
    return told_.front();
  };
  EXPECT_THAT(with(one_.certificate + one_.key), HasSubstr("bad.pem: key not first"));
  EXPECT_THAT(with(one_.key + two_.certificate), HasSubstr("does not match the certificate"));
  EXPECT_THAT(with(one_.key), HasSubstr("not followed by a certificate"));
  EXPECT_THAT(with(one_.key + two_.chain()), HasSubstr("key at index 1 in "));
  EXPECT_THAT(with("nothing\n"), HasSubstr("no key and certificate"));
  options.chain_files = {directory_.path() + "/absent.pem"};
  EXPECT_THAT(refused(options), HasSubstr("absent.pem: disabling TLS support"));
  EXPECT_THAT(told_.front(), HasSubstr("error opening chain file: "));
}

TEST_F(TlsContextTest, APairThatIsWrongIsNamedWithItsParameter) {
  TlsOptions options = good();
  options.chain_files.clear();
  const std::string certificate = write("c.pem", one_.certificate), key = write("k.pem", one_.key);
  options.pairs = {{"RSA", "smtpd_tls_cert_file", "/nonexistent", "smtpd_tls_key_file", key}};
  EXPECT_EQ(refused(options),
            "smtpd_tls_cert_file: cannot get RSA certificate from file \"/nonexistent\": disabling "
            "TLS support");
  EXPECT_THAT(told_.at(1),
              HasSubstr("TLS library problem: error:80000002:system library::No such file"));
  options.pairs = {
      {"ECDSA", "smtpd_tls_eccert_file", certificate, "smtpd_tls_eckey_file", certificate}};
  EXPECT_EQ(refused(options), "smtpd_tls_eckey_file: cannot get ECDSA private key from file \"" +
                                  certificate + "\": disabling TLS support");
  const std::string other = write("other.pem", two_.key);
  options.pairs = {{"RSA", "smtpd_tls_cert_file", certificate, "smtpd_tls_key_file", other}};
  EXPECT_EQ(refused(options), "smtpd_tls_key_file: RSA private key in " + other +
                                  " does not match public key in " + certificate +
                                  ": disabling TLS support");
  options.pairs.clear();
  EXPECT_THAT(refused(options), HasSubstr("No server certs available. TLS won't be enabled"));
}

TEST_F(TlsContextTest, AKeyWithAPassphraseIsRefusedAndNobodyIsAsked) {
  TlsOptions options = good();
  options.chain_files = {write("locked.pem",
                               "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED "
                               "PRIVATE KEY-----\n" +
                                   one_.certificate)};
  EXPECT_THAT(refused(options), HasSubstr("disabling TLS support"));
  EXPECT_THAT(told_.front(), HasSubstr("error loading private key (PEM object number 1) from "));
}

TEST_F(TlsContextTest, ListsThatMeanNothingDisableTls) {
  TlsOptions options = good();
  options.protocols = "TLSv9";
  EXPECT_THAT(refused(options), HasSubstr("Invalid TLS protocol list \"TLSv9\""));
  options = good();
  options.ciphers = "nonsense";
  EXPECT_EQ(refused(options), "smtpd_tls_ciphers: error setting cipher grade: \"nonsense\"");
  options = good();
  options.ca_file = "/nonexistent";
  EXPECT_THAT(refused(options),
              HasSubstr("smtpd_tls_CAfile: cannot load Certification Authority data"));
}

TEST_F(TlsContextTest, WhatIsUnknownButNotNeededIsToldAndLeftOut) {
  TlsOptions options = good();
  options.groups = "X25519 unheard-of prime256v1";
  options.options = {"NO_TICKET", "0x4", "GO_FASTER"};
  options.no_workarounds = {"tlsext_padding", "EVERYTHING"};
  options.dh_file = "/nonexistent";
  options.ticket_cipher = "rot13";
  EXPECT_TRUE(open(options));
  std::string all;
  for (const std::string& text : told_) all += text + "\n";
  EXPECT_THAT(all, HasSubstr("ignoring unknown ECDHE curve \"unheard-of\""));
  EXPECT_THAT(all, HasSubstr("unknown tls_ssl_options value \"GO_FASTER\""));
  EXPECT_THAT(all, HasSubstr("unknown tls_disable_workarounds value \"EVERYTHING\""));
  EXPECT_THAT(all, HasSubstr("error decoding DH parameters from file \"/nonexistent\""));
  EXPECT_THAT(all, HasSubstr("tls_session_ticket_cipher: invalid value: rot13"));
}

TEST_F(TlsContextTest, TicketKeysSealForALifetimeAndOpenForAnother) {
  TlsTicketKeys keys(env_, 3600s);
  const auto first = keys.sealing();
  ASSERT_TRUE(first);
  EXPECT_EQ(keys.sealing()->name, first->name);
  env_.advance(3599s);
  EXPECT_FALSE(keys.opening(first->name.data())->second);
  env_.advance(1s);
  const auto second = keys.sealing();
  EXPECT_NE(second->name, first->name);
  EXPECT_NE(second->mac, first->mac);
  const auto old = keys.opening(first->name.data());
  ASSERT_TRUE(old);
  EXPECT_EQ(old->first.cipher, first->cipher);
  EXPECT_TRUE(old->second) << "seal it anew";
  env_.advance(3600s);
  EXPECT_FALSE(keys.opening(first->name.data()));
  EXPECT_TRUE(keys.opening(second->name.data()));
  env_.advance(3600s);
  EXPECT_FALSE(keys.opening(second->name.data()));
}

}  // namespace
}  // namespace headgate::net
