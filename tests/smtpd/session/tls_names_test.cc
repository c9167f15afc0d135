#include "smtpd/session/tls_names.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "tests/support/no_programs.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/test_certificate.h"

namespace headgate::session {
namespace {

using testing::HasSubstr;
using testing_support::test_certificate;

class TlsServerNamesTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path(name)) << text;
    return directory_.path(name);
  }

  TlsServerNames names(const std::vector<std::string>& maps) {
    return {maps, programs_, [this](const Diagnostic& d) { told_ += d.text + "\n"; }};
  }

  testing_support::ScratchDirectory directory_;
  testing_support::NoPrograms programs_;
  std::string told_;
};

TEST_F(TlsServerNamesTest, ANameAndWhatLiesBelowADomain) {
  const std::string one = write("one.pem", test_certificate("one").chain());
  const std::string two = write("two.pem", test_certificate("two").chain());
  TlsServerNames some =
      names({"inline:{{one.example = " + one + "}}", "inline:{{.two.example = " + two + "}}"});
  const auto first = some.find("One.Example");
  ASSERT_TRUE(first && *first) << told_;
  EXPECT_EQ(*some.find("one.example"), *first) << "read once";
  const auto below = some.find("mail.a.two.example");
  ASSERT_TRUE(below && *below);
  EXPECT_NE(*below, *first);
  EXPECT_EQ(*some.find("two.example"), nullptr);
  EXPECT_EQ(*some.find("mail.one.example"), nullptr);
  EXPECT_EQ(told_, "");
}

TEST_F(TlsServerNamesTest, AValueMayBeTheFileItself) {
  const std::string pem = test_certificate("one").chain();
  std::string text(pem.size() * 2, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),
      reinterpret_cast<const unsigned char*>(pem.data()), static_cast<int>(pem.size()))));
  TlsServerNames some = names({"inline:{{one.example = " + text + "}}"});
  const auto found = some.find("one.example");
  EXPECT_TRUE(found && *found) << told_;
}

TEST_F(TlsServerNamesTest, WhatCannotBeReadFailsTheHandshake) {
  TlsServerNames some = names({"inline:{{one.example = /nonexistent}}"});
  EXPECT_FALSE(some.find("one.example"));
  EXPECT_THAT(told_, HasSubstr("error opening chain file: /nonexistent"));
  EXPECT_EQ(*some.find("two.example"), nullptr);
  TlsServerNames none = names({"texthash:/nonexistent"});
  EXPECT_THAT(told_, HasSubstr("tls_server_sni_maps: "));
  EXPECT_FALSE(none.find("one.example"));
}

TEST_F(TlsServerNamesTest, WhatIsNoHostNameIsNotLookedUp) {
  TlsServerNames some = names({"static:/nonexistent"});
  for (const std::string& name : {std::string(".example"), std::string("a b"),
                                  std::string("a/../b"), std::string(300, 'a')}) {
    const auto found = some.find(name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(*found, nullptr);
  }
}

}  // namespace
}  // namespace headgate::session
