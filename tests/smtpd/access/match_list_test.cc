#include "smtpd/access/match_list.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "support.h"

namespace headgate::access {
namespace {

// "yes", "no" or "error"
std::string ask(const std::vector<std::string>& items, MatchKind kind, std::string_view subject) {
  NoPrograms programs;
  Warnings warnings;
  const auto answer = MatchList(items, kind, programs, warnings.sink()).matches(subject);
  return answer ? (*answer ? "yes" : "no") : "error";
}

TEST(MatchList, Clients) {
  const std::tuple<std::vector<std::string>, std::string_view, std::string_view, std::string_view>
      cases[] = {
          {{"192.0.2.0/24"}, "a.example", "192.0.2.9", "yes"},
          {{"A.example"}, "a.example", "192.0.2.9", "yes"},
          {{".example"}, "a.example", "192.0.2.9", "yes"},
          {{"example"}, "a.example", "192.0.2.9", "no"},
          {{"!a.example", "192.0.2.0/24"}, "a.example", "192.0.2.9", "no"},
          {{"!192.0.2.9", "a.example"}, "a.example", "192.0.2.9", "no"},
          {{"inline:{192.0.2.9=x}"}, "a.example", "192.0.2.9", "yes"},
          {{"inline:{a.example=x}"}, "a.example", "192.0.2.9", "yes"},
          {{"192.0.2.0/24"}, "unknown", "unknown", "no"},
          {{"0.0.0.0/0"}, "unknown", "unknown", "no"},
          {{}, "a.example", "192.0.2.9", "no"},
          {{"192.0.2"}, "a.example", "192.0.2.9", "error"},
          {{"192.0.2.1/24"}, "a.example", "192.0.2.9", "error"},
      };
  for (const auto& [items, name, address, expected] : cases) {
    NoPrograms programs;
    Warnings warnings;
    const MatchList list(items, MatchKind::clients, programs, warnings.sink());
    const auto answer = list.matches_client(name, address);
    EXPECT_EQ(answer ? (*answer ? "yes" : "no") : "error", expected)
        << testing::PrintToString(items);
  }
}

TEST(MatchList, Addresses) {
  const std::tuple<std::vector<std::string>, std::string_view, std::string_view> cases[] = {
      {{"192.0.2.0/24"}, "192.0.2.255", "yes"},
      {{"192.0.2.0/24"}, "192.0.3.0", "no"},
      {{"192.0.2.128/25"}, "192.0.2.127", "no"},
      {{"192.0.2.1"}, "192.0.2.1", "yes"},
      {{"0.0.0.0/0"}, "203.0.113.9", "yes"},
      {{"0.0.0.0/0"}, "::1", "no"},
      {{"[2001:db8::]/32"}, "2001:db8:ffff::1", "yes"},
      {{"[2001:db8::]/32"}, "2001:db9::1", "no"},
      {{"2001:db8::/32"}, "2001:DB8::1", "yes"},
      {{"[::1]"}, "::1", "yes"},
      {{"127.0.0.0/8"}, "::ffff:127.0.0.1", "yes"},
      {{"!192.0.2.5", "192.0.2.0/24"}, "192.0.2.5", "no"},
      {{"192.0.2.0/24", "!192.0.2.5"}, "192.0.2.5", "yes"},  // the first match decides
      {{"!!192.0.2.5"}, "192.0.2.5", "yes"},
      {{"192.0.2.1/24"}, "192.0.2.7", "error"},  // host bits: Postfix refuses it, too
      {{"192.0.2.0/33"}, "192.0.2.7", "error"},
      {{"192.0.2.0/"}, "192.0.2.7", "error"},
      {{"192.0.2"}, "192.0.2.7", "error"},
      {{"host.example"}, "192.0.2.7", "error"},
      {{"192.0.2.7", "bad"}, "192.0.2.7", "yes"},  // not reached
      {{"inline:{192.0.2.7=x}"}, "192.0.2.7", "yes"},
      {{"inline:{192.0.2.7=x}"}, "192.0.2.8", "no"},
      {{"nosuchtype:x"}, "192.0.2.8", "error"},
      {{}, "192.0.2.8", "no"},
      {{"192.0.2.0/24"}, "not an address", "no"},
      {{"0.0.0.0/0"}, "", "no"},
  };
  for (const auto& [items, address, expected] : cases)
    EXPECT_EQ(ask(items, MatchKind::addresses, address), expected)
        << testing::PrintToString(items) << ' ' << address;
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

TEST(MatchList, Files) {
  const std::string path = testing::TempDir() + "match_list_test.txt";
  std::ofstream(path) << "# comment\n192.0.2.1, 192.0.2.2\n !192.0.2.3\n192.0.2.0/24\n";
  EXPECT_EQ(ask({path}, MatchKind::addresses, "192.0.2.9"), "yes");
  EXPECT_EQ(ask({path}, MatchKind::addresses, "192.0.2.3"), "no");
  EXPECT_EQ(ask({"!" + path}, MatchKind::addresses, "192.0.2.3"), "error");
  std::ofstream(path) << path << '\n';  // includes itself
  EXPECT_EQ(ask({path}, MatchKind::addresses, "192.0.2.9"), "error");
  std::remove(path.c_str());
  EXPECT_EQ(ask({path}, MatchKind::addresses, "192.0.2.9"), "error");
}

TEST(MatchList, MistakesAreWarnedAbout) {
  NoPrograms programs;
  Warnings warnings;
  MatchList({"192.0.2.1/24"}, MatchKind::addresses, programs, warnings.sink());
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
  MatchList({"/no/such"}, MatchKind::addresses, programs, warn);
  MatchList({"texthash:/no/such"}, MatchKind::domains, programs, warn);
  MatchList({"192.0.2.1/24"}, MatchKind::addresses, programs, warn);
  EXPECT_EQ(severities, "error error warning ");
}

}  // namespace
}  // namespace headgate::access
