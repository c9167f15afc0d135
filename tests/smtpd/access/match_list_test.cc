#include "smtpd/access/match_list.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "support.h"

namespace headgate::access {
namespace {

std::string shown(const Result<bool>& answer) {
  return answer ? (*answer ? "yes" : "no") : "error";
}

// "yes", "no" or "error"
std::string ask(const std::vector<std::string>& items, MatchKind kind, std::string_view subject) {
  NoPrograms programs;
  Warnings warnings;
  return shown(MatchList(items, kind, programs, warnings.sink()).matches(subject));
}

std::string ask_client(const std::vector<std::string>& items, MatchKind kind, std::string_view name,
                       std::string_view address) {
  NoPrograms programs;
  Warnings warnings;
  return shown(MatchList(items, kind, programs, warnings.sink()).matches_client(name, address));
}

// As mynetworks of a Postfix 3.7 answers.
TEST(MatchList, Clients) {
  const std::tuple<std::vector<std::string>, std::string_view, std::string_view, std::string_view,
                   std::string_view>
      cases[] = {
          // items, name, address, plain, with parents
          {{"192.0.2.0/24"}, "a.example", "192.0.2.9", "yes", "yes"},
          {{"A.example"}, "a.example", "192.0.2.9", "yes", "yes"},
          {{".example"}, "a.example", "192.0.2.9", "yes", "no"},
          {{"example"}, "a.example", "192.0.2.9", "no", "yes"},
          {{"!a.example", "192.0.2.0/24"}, "a.example", "192.0.2.9", "no", "no"},
          {{"!192.0.2.9", "a.example"}, "a.example", "192.0.2.9", "no", "no"},
          {{"inline:{192.0.2.9=x}"}, "a.example", "192.0.2.9", "yes", "yes"},
          {{"inline:{192.0.2=x}"}, "a.example", "192.0.2.9", "no", "no"},
          {{"inline:{a.example=x}"}, "a.example", "192.0.2.9", "yes", "yes"},
          {{"inline:{example=x}"}, "a.example", "192.0.2.9", "no", "yes"},
          {{"inline:{.example=x}"}, "a.example", "192.0.2.9", "yes", "no"},
          {{"cidr:{{192.0.2.0/24 x}}"}, "a.example", "192.0.2.9", "yes", "yes"},
          {{"192.0.2.0/24"}, "unknown", "unknown", "no", "no"},
          {{"0.0.0.0/0"}, "unknown", "unknown", "no", "no"},
          {{}, "a.example", "192.0.2.9", "no", "no"},
          {{"192.0.2"}, "a.example", "192.0.2.9", "no", "no"},
          {{"192.0.2.300"}, "a.example", "192.0.2.9", "no", "no"},
          {{"192.0.02.9"}, "a.example", "192.0.2.9", "no", "no"},
          {{"192.0.2.9/x"}, "a.example", "192.0.2.9", "no", "no"},
          {{"192.0.2.1/24"}, "a.example", "192.0.2.9", "error", "error"},
          {{"192.0.2.9/"}, "a.example", "192.0.2.9", "error", "error"},
          {{"192.0.2.0/24/24"}, "a.example", "192.0.2.9", "error", "error"},
          {{"2001:db8::1/24"}, "a.example", "192.0.2.9", "no", "no"},  // of another family
          {{"nosuchtype:x"}, "a.example", "192.0.2.9", "error", "error"},
          {{"192.0.2.9", "nosuchtype:x"}, "a.example", "192.0.2.9", "yes", "yes"},
          {{"!nosuchtype:x", "static:x"}, "a.example", "192.0.2.9", "error", "error"},
          {{"!", "static:x"}, "a.example", "192.0.2.9", "error", "error"},
          {{"#", "static:x"}, "a.example", "192.0.2.9", "no", "no"},
      };
  for (const auto& [items, name, address, plain, parents] : cases) {
    EXPECT_EQ(ask_client(items, MatchKind::clients, name, address), plain)
        << testing::PrintToString(items);
    EXPECT_EQ(ask_client(items, MatchKind::clients_with_parents, name, address), parents)
        << testing::PrintToString(items);
  }
}

TEST(MatchList, Addresses) {
  const std::tuple<std::vector<std::string>, std::string_view, std::string_view> cases[] = {
      {{"192.0.2.0/24"}, "192.0.2.255", "yes"},
      {{"192.0.2.0/24"}, "192.0.3.0", "no"},
      {{"192.0.2.128/25"}, "192.0.2.127", "no"},
      {{"192.0.2.1"}, "192.0.2.1", "yes"},
      {{"[192.0.2.1]"}, "192.0.2.1", "yes"},
      {{"[192.0.2.0]/24"}, "192.0.2.1", "yes"},
      {{"0.0.0.0/0"}, "203.0.113.9", "yes"},
      {{"0.0.0.0/0"}, "::1", "no"},
      {{"[::]/0"}, "203.0.113.9", "no"},
      {{"[2001:db8::]/32"}, "2001:db8:ffff::1", "yes"},
      {{"[2001:db8::]/32"}, "2001:db9::1", "no"},
      {{"2001:db8::/32"}, "2001:DB8::1", "yes"},
      {{"[::1]"}, "::1", "yes"},
      {{"127.0.0.0/8"}, "::ffff:127.0.0.1", "yes"},
      {{"!192.0.2.5", "192.0.2.0/24"}, "192.0.2.5", "no"},
      {{"192.0.2.0/24", "!192.0.2.5"}, "192.0.2.5", "yes"},  // the first match decides
      {{"!!192.0.2.5"}, "192.0.2.5", "yes"},
      {{"192.0.2.0/33"}, "192.0.2.7", "error"},
      {{"host.example"}, "192.0.2.7", "no"},
      {{"192.0.2.7", "192.0.2.0/33"}, "192.0.2.7", "yes"},  // not reached
      {{"inline:{192.0.2.7=x}"}, "192.0.2.8", "no"},
      {{"192.0.2.0/24"}, "not an address", "no"},
      {{"0.0.0.0/0"}, "", "no"},
  };
  for (const auto& [items, address, expected] : cases)
    EXPECT_EQ(ask_client(items, MatchKind::clients, "unknown", address), expected)
        << testing::PrintToString(items) << ' ' << address;
}

// mydestination: nothing but what is written.
TEST(MatchList, Words) {
  EXPECT_EQ(ask({"Example"}, MatchKind::words, "eXample"), "yes");
  EXPECT_EQ(ask({".example"}, MatchKind::words, "a.example"), "no");
  EXPECT_EQ(ask({"example"}, MatchKind::words, "a.example"), "no");
  EXPECT_EQ(ask({"inline:{example=x}"}, MatchKind::words, "example"), "yes");
  EXPECT_EQ(ask({"inline:{.example=x}"}, MatchKind::words, "a.example"), "no");
  EXPECT_EQ(ask({"!a", "static:x"}, MatchKind::words, "a"), "no");
}

TEST(MatchList, ParentsAreTheParametersOwnAffair) {
  config::Settings settings;
  settings.parent_domain_matches_subdomains = {"Relay_Domains", "mynetworks"};
  EXPECT_EQ(kind_of_domains(settings, "relay_domains"), MatchKind::domains_with_parents);
  EXPECT_EQ(kind_of_domains(settings, "mydestination"), MatchKind::domains);
  EXPECT_EQ(kind_of_clients(settings, "mynetworks"), MatchKind::clients_with_parents);
  EXPECT_EQ(kind_of_clients(settings, "smtpd_authorized_xclient_hosts"), MatchKind::clients);
}

TEST(MatchList, WhoAsksForNames) {
  const std::pair<std::vector<std::string>, bool> cases[] = {
      {{"127.0.0.0/8", "[::1]/128"}, false},
      {{"cidr:{{127.0.0.0/8 x}}"}, false},
      {{}, false},
      {{"a.example"}, true},
      {{"inline:{a=b}"}, true},
  };
  for (const auto& [items, expected] : cases) {
    NoPrograms programs;
    Warnings warnings;
    EXPECT_EQ(MatchList(items, MatchKind::clients, programs, warnings.sink()).asks_names(),
              expected);
  }
}

TEST(MatchList, Domains) {
  const std::tuple<std::vector<std::string>, std::string_view, bool, bool> cases[] = {
      // items, subject, as domains, as domains_with_parents
      {{"Example"}, "eXample", true, true},
      {{"example"}, "a.example", false, true},
      {{"example"}, "aexample", false, false},
      {{"example"}, ".example", false, false},
      {{".example"}, "a.example", true, false},
      {{".example"}, "b.a.example", true, false},
      {{".example"}, "example", false, false},
      {{"!a.example", "example", ".example"}, "a.example", false, false},
      {{"inline:{example=x}"}, "a.b.example", false, true},
      {{"inline:{.example=x}"}, "a.b.example", true, false},
      {{"inline:{.b.example=x}"}, "a.b.example", true, false},
      {{"example"}, "", false, false},
  };
  for (const auto& [items, subject, plain, parents] : cases) {
    EXPECT_EQ(ask(items, MatchKind::domains, subject), plain ? "yes" : "no")
        << testing::PrintToString(items) << subject;
    EXPECT_EQ(ask(items, MatchKind::domains_with_parents, subject), parents ? "yes" : "no")
        << testing::PrintToString(items) << subject;
  }
}

TEST(MatchList, NamesAreFolded) {
  NoPrograms programs;
  Warnings warnings;
  Opening opening{programs, warnings.sink()};
  EXPECT_FALSE(
      MatchList({"Bücher.example"}, MatchKind::words, opening).matches("BÜCHER.example").value());
  opening.utf8 = true;
  EXPECT_TRUE(
      MatchList({"Bücher.example"}, MatchKind::words, opening).matches("BÜCHER.example").value());
  EXPECT_TRUE(MatchList({"Bücher.example"}, MatchKind::clients, opening)
                  .matches_client("BÜCHER.example", "192.0.2.1")
                  .value());
}

TEST(MatchList, Files) {
  const std::string path = testing::TempDir() + "match_list_test.txt";
  const auto about = [&](const std::string& item, std::string_view address) {
    return ask_client({item, "192.0.2.77"}, MatchKind::clients, "unknown", address);
  };
  std::ofstream(path)
      << "# comment\n192.0.2.1, 192.0.2.2 # 192.0.2.66\n !192.0.2.3\n  # x\n192.0.2.0/25\n";
  EXPECT_EQ(about(path, "192.0.2.9"), "yes");
  EXPECT_EQ(about(path, "192.0.2.3"), "no");
  EXPECT_EQ(about(path, "192.0.2.66"), "yes");  // by its network
  EXPECT_EQ(about("!" + path, "192.0.2.3"), "yes");
  EXPECT_EQ(about("!" + path, "192.0.2.1"), "no");
  EXPECT_EQ(about("!" + path, "192.0.2.77"), "no");
  std::ofstream(path) << path << '\n';  // includes itself
  EXPECT_EQ(about(path, "192.0.2.9"), "error");
  std::remove(path.c_str());
  EXPECT_EQ(about(path, "192.0.2.9"), "error");
}

TEST(MatchList, MistakesAreWarnedAbout) {
  NoPrograms programs;
  Warnings warnings;
  MatchList({"192.0.2.1/24"}, MatchKind::clients, programs, warnings.sink());
  ASSERT_EQ(warnings.texts.size(), 1U);
  EXPECT_NE(warnings.texts[0].find("192.0.2.1/24"), std::string::npos);
}

// An error is what refuses a reload.
TEST(MatchList, WhatCannotBeOpenedIsAnError) {
  NoPrograms programs;
  std::string severities;
  const WarningSink warn = [&](const Diagnostic& diagnostic) {
    severities += diagnostic.severity == Severity::error ? "error " : "warning ";
  };
  MatchList({"/no/such"}, MatchKind::clients, programs, warn);
  MatchList({"texthash:/no/such"}, MatchKind::domains, programs, warn);
  MatchList({"192.0.2.1/24"}, MatchKind::clients, programs, warn);
  EXPECT_EQ(severities, "error error warning ");
}

}  // namespace
}  // namespace headgate::access
