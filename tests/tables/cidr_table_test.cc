// The answers are those of postmap(1) 3.7; tests/cases/postmap/cidr*.case ask it for many more.
#include "tables/cidr_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tables/cidr_pattern.h"

namespace headgate::tables {

namespace {

using testing::ElementsAre;

class CidrTable : public testing::Test {
 protected:
  void open(std::string_view name) {
    auto table = open_cidr_table("cidr:" + std::string(name), name,
                                 [this](const Diagnostic& d) { warnings_.push_back(d.text); });
    ASSERT_TRUE(table) << table.error().text();
    table_ = std::move(*table);
  }

  std::string ask(std::string_view key) {
    const auto found = table_->find(key);
    if (!found) return found.error().text();
    return *found ? (*found)->value + " " + std::to_string((*found)->line) : "(none)";
  }

  std::vector<std::string> warnings_;
  std::unique_ptr<Lookup> table_;
};

TEST_F(CidrTable, TheFirstNetworkAnswersWithItsLine) {
  open("{ {10.1.0.0/16 a} {10.0.0.0/8 b} {::/0 six} }");
  EXPECT_EQ(ask("10.1.2.3"), "a 1");
  EXPECT_EQ(ask("10.2.2.3"), "b 2");
  EXPECT_EQ(ask("::ffff:10.1.2.3"), "six 3");
  EXPECT_EQ(ask("192.0.2.1"), "(none)");
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(CidrTable, AKeyThatIsNoAddressIsNotFound) {
  open("{ {!192.0.2.0/24 other} {!2001:db8::/32 other6} }");
  for (const char* key : {"", "a@example.com", "example.com", "Subject: 10.0.0.1", "10.0.0",
                          "10.0.0.1 ", "[10.0.0.1]", "10.0.0.1/32", "::1%lo"})
    EXPECT_EQ(ask(key), "(none)") << key;
  EXPECT_EQ(ask("10.0.0.1"), "other 1");
  EXPECT_EQ(ask("::1"), "other6 2");
  EXPECT_TRUE(table_->whole_key_only());
}

TEST_F(CidrTable, AFalseIfGoesOnBehindItsEndif) {
  open("{ {if 10.0.0.0/8} {if 10.1.0.0/16} {10.1.1.1 a} {endif} {10.0.0.0/8 b} {endif} {::/0 c} }");
  EXPECT_EQ(ask("10.1.1.1"), "a 3");
  EXPECT_EQ(ask("10.1.1.2"), "b 5");
  EXPECT_EQ(ask("10.2.1.1"), "b 5");
  EXPECT_EQ(ask("::1"), "c 7");
}

TEST_F(CidrTable, ABadIfLeavesItsRulesUnconditional) {
  open("{ {if nonsense} {10.1.1.1 a} {endif} }");
  EXPECT_EQ(ask("10.1.1.1"), "a 2");
  const std::string prefix = "cidr map { {if nonsense} {10.1.1.1 a} {endif} }, line ";
  EXPECT_THAT(warnings_,
              ElementsAre(prefix + "1: bad address pattern: \"nonsense\": skipping this rule",
                          prefix + "3: ENDIF without IF: skipping this rule"));
}

TEST_F(CidrTable, OpenIfsAreNamedFromTheInside) {
  open("{ {if 1.0.0.0/8} {if 1.1.0.0/16} {1.1.1.1 a} }");
  EXPECT_EQ(ask("1.1.1.1"), "a 3");
  EXPECT_EQ(ask("2.2.2.2"), "(none)");
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_TRUE(warnings_[0].ends_with(", line 2: IF has no matching ENDIF")) << warnings_[0];
  EXPECT_TRUE(warnings_[1].ends_with(", line 1: IF has no matching ENDIF")) << warnings_[1];
}

TEST(CidrPattern, EachPrefixLengthHoldsItsBlockAndNoMore) {
  for (unsigned prefix = 1; prefix <= 32; ++prefix) {
    const auto net = parse_network("128.0.0.0/" + std::to_string(prefix));
    ASSERT_TRUE(net) << net.error().text();
    EXPECT_TRUE(net->contains(*parse_address("128.0.0.0")));
    Address last = *parse_address("128.0.0.0");
    for (unsigned bit = prefix; bit < 32; ++bit)
      last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | 0x80U >> bit % 8);
    EXPECT_TRUE(net->contains(last)) << prefix;
    Address outside = last;
    outside.bytes[(prefix - 1) / 8] =
        static_cast<std::uint8_t>(outside.bytes[(prefix - 1) / 8] ^ 0x80U >> (prefix - 1) % 8);
    EXPECT_FALSE(net->contains(outside)) << prefix;
  }
}

TEST(CidrPattern, TheErrorIsPostfixsOwn) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1.2.3.4/33", "bad mask length in \"1.2.3.4/33\""},
      {"1.2.3.4/289", "bad mask length in \"1.2.3.4/289\""},
      {"1.2.3.4/", "bad mask value in \"1.2.3.4/\""},
      {"x/8", "bad network value in \"x/8\""},
      {"x", "bad address pattern: \"x\""},
      {"[1.2.3.4", "missing ']' character after \"[1.2.3.4\""},
      {"[1.2.3.4]x", "garbage after \"[1.2.3.4]\""},
      {"1.2.3.4/8",
       "non-null host address bits in \"1.2.3.4/8\", perhaps you should use \"1.0.0.0/8\" instead"},
  };
  for (const auto& [pattern, what] : cases) {
    const auto net = parse_network(pattern);
    ASSERT_FALSE(net) << pattern;
    EXPECT_EQ(net.error().what, what);
  }
}

}  // namespace

}  // namespace headgate::tables
