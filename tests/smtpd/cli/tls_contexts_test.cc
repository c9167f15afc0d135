#include "smtpd/cli/tls_contexts.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/fake_env.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/test_certificate.h"

namespace headgate::cli {
namespace {

class TlsContextsTest : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(directory_.path(file)) << text;
  }

  void load(const std::string& chain) {
    write("chain.pem", chain);
    write("main.cf",
          "myhostname = mx.here.example\nsmtpd_tls_security_level = may\n"
          "smtpd_tls_chain_files = $config_directory/chain.pem\n");
    write(
        "master.cf",
        "2525 inet n - n - 3 smtpd\n2526 inet n - n - 3 smtpd -o smtpd_tls_security_level=none\n");
    config::LoadOptions options;
    options.directory = directory_.path();
    config_ = config::load(options);
    ASSERT_TRUE(config_) << config_.error().text();
  }

  // Of the service that stands first or second in master.cf.
  TlsContexts::Opened open(TlsContexts& contexts, std::size_t service = 0) {
    const config::Service& asked = config_->services.at(service);
    return contexts.open(*asked.calm, asked.canonical,
                         [this](const Diagnostic& d) { told_.push_back(d.text); });
  }

  testing_support::FakeEnv env_;
  testing_support::ScratchDirectory directory_;
  Result<config::Config> config_ = fail(Code::not_found, "not loaded");
  std::vector<std::string> told_;
};

TEST_F(TlsContextsTest, WhatWasReadStaysUntilTheNextLoad) {
  load(testing_support::test_certificate("mx.here.example").chain());
  TlsContexts contexts(env_);
  contexts.read_keys(*config_);
  std::filesystem::remove(directory_.path("chain.pem"));
  const auto first = open(contexts);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(*open(contexts), *first);
  EXPECT_EQ(*open(contexts, 1), nullptr) << "it wants no TLS";
  EXPECT_TRUE(told_.empty());
  EXPECT_FALSE(open(*contexts.afresh()));
  EXPECT_FALSE(told_.empty());
}

TEST_F(TlsContextsTest, WhatIsWrongIsToldOnceAndToWhomItConcerns) {
  load("nothing\n");
  TlsContexts contexts(env_);
  contexts.read_keys(*config_);
  EXPECT_TRUE(told_.empty());
  EXPECT_FALSE(open(contexts));
  const std::size_t count = told_.size();
  EXPECT_GE(count, 2U);
  EXPECT_FALSE(open(contexts));
  EXPECT_EQ(told_.size(), count);
}

}  // namespace
}  // namespace headgate::cli
