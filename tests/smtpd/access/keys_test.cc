#include "smtpd/access/keys.h"

#include <gtest/gtest.h>

namespace headgate::access {
namespace {

// "whole (partial) …"
std::string shown(const std::vector<Key>& keys) {
  std::string text;
  for (const Key& key : keys) {
    if (!text.empty()) text += ' ';
    text += key.part == tables::KeyPart::whole ? key.text : '(' + key.text + ')';
  }
  return text;
}

// What a Postfix 3.7 asked its tables for, as its verbose log has it.
TEST(Keys, Domains) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      // name, with parents, without
      {"mail.Sub.b.example", "mail.Sub.b.example (Sub.b.example) (b.example) (example)",
       "mail.Sub.b.example (.Sub.b.example) (.b.example) (.example)"},
      {"a.example.", "a.example. (example.)", "a.example. (.example.) (.)"},
      {"[192.0.2.1]", "[192.0.2.1] (0.2.1]) (2.1]) (1])", "[192.0.2.1] (.0.2.1]) (.2.1]) (.1])"},
      {"192.0.2.1", "192.0.2.1", "192.0.2.1"},
      {"2001:db8::1", "2001:db8::1", "2001:db8::1"},
      {"1.2.3", "1.2.3 (2.3) (3)", "1.2.3 (.2.3) (.3)"},
      {"a..b", "a..b (.b)", "a..b (..b) (.b)"},
      {".a.b", ".a.b (b)", ".a.b (.b)"},
      {"unknown", "unknown", "unknown"},
      {"", "", ""},
  };
  for (const auto& [name, parents, dotted] : cases) {
    KeyRules rules;
    EXPECT_EQ(shown(domain_keys(name, rules)), parents);
    rules.parents = false;
    EXPECT_EQ(shown(domain_keys(name, rules)), dotted);
  }
}

TEST(Keys, Addresses) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"192.0.2.9", "192.0.2.9 (192.0.2) (192.0) (192)"},
      {"2001:db8::1:2", "2001:db8::1:2 (2001:db8::1) (2001:db8:) (2001:db8) (2001)"},
      {"1:2:3:4:5:6:7:8",
       "1:2:3:4:5:6:7:8 (1:2:3:4:5:6:7) (1:2:3:4:5:6) (1:2:3:4:5) (1:2:3:4) (1:2:3) (1:2) (1)"},
      {"::1", "::1 (:)"},
      {"unknown", "unknown"},
      {"", ""},
  };
  for (const auto& [address, expected] : cases) EXPECT_EQ(shown(address_keys(address)), expected);
}

TEST(Keys, MailAddresses) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      // delimiters, internal form, keys
      {"+-", "User+ext@Sub.b.Example",
       "user+ext@sub.b.example (user@sub.b.example) (sub.b.example) (b.example) (example) "
       "(user+ext@) (user@)"},
      {"", "user+ext@b", "user+ext@b (b) (user+ext@)"},
      {"+", "a b@b.c", "\"a b\"@b.c a b@b.c (b.c) (c) (\"a b\"@) (a b@)"},
      {"+", "A b+x y@b.c",
       "\"a b+x y\"@b.c a b+x y@b.c (\"a b\"@b.c) (a b@b.c) (b.c) (c) (\"a b+x y\"@) "
       "(a b+x y@) (\"a b\"@) (a b@)"},
      {"+", "A+x@y+z@b", "\"a+x@y+z\"@b a+x@y+z@b (a@b) (b) (\"a+x@y+z\"@) (a+x@y+z@) (a@)"},
      {"+", "a@[192.0.2.1]", "a@[192.0.2.1] ([192.0.2.1]) (0.2.1]) (2.1]) (1]) (a@)"},
      {"+", "+ext@b", "+ext@b (b) (+ext@)"},
      {"+", "a+b+c@b", "a+b+c@b (a@b) (b) (a+b+c@) (a@)"},
      {"+-", "owner-x@b", "owner-x@b (b) (owner-x@)"},
      {"+-", "a-request@b", "a-request@b (b) (a-request@)"},
      {"-", "owner-@b", "owner-@b (b) (owner-@)"},
      {"-", "-request@b", "-request@b (b) (-request@)"},
      {"+", "owner+x@b", "owner+x@b (owner@b) (b) (owner+x@) (owner@)"},
      {"-", "mailer-daemon@b", "mailer-daemon@b (b) (mailer-daemon@)"},
      {"-", "double-bounce@b", "double-bounce@b (b) (double-bounce@)"},
  };
  for (const auto& [delimiters, address, expected] : cases) {
    KeyRules rules;
    rules.delimiters = delimiters;
    EXPECT_EQ(shown(mail_keys(address, rules)), expected);
  }
  KeyRules rules;
  rules.delimiters = "-";
  rules.parents = rules.owner_request_special = false;
  EXPECT_EQ(shown(mail_keys("owner-x@a.b.c", rules)),
            "owner-x@a.b.c (owner@a.b.c) (a.b.c) (.b.c) (.c) (owner-x@) (owner@)");
  rules.double_bounce_sender = "a-b";
  EXPECT_EQ(shown(mail_keys("A-B@c", rules)), "a-b@c (c) (a-b@)");
  EXPECT_EQ(shown(mail_keys("double-bounce@c", rules)),
            "double-bounce@c (double@c) (c) (double-bounce@) (double@)");
}

TEST(Keys, MailAddressesAreFolded) {
  KeyRules rules;
  EXPECT_EQ(shown(mail_keys("Ü@B", rules)), "Ü@b (b) (Ü@)");
  rules.folding = tables::Folding::unicode;
  EXPECT_EQ(shown(mail_keys("Ü@BÜ", rules)), "ü@bü (bü) (ü@)");
}

}  // namespace
}  // namespace headgate::access
