#include "engine/mail/header.h"
#include "engine/mail/known_header.h"

#include <gtest/gtest.h>

namespace headgate::mail {
namespace {

using namespace std::string_view_literals;

struct Case {
  std::string_view text;
  std::string_view name;
};

class HeaderName : public testing::TestWithParam<Case> {};

TEST_P(HeaderName, IsWhatPostfixTakesForOne) {
  EXPECT_EQ(header_name(GetParam().text), GetParam().name);
  EXPECT_EQ(is_header(GetParam().text), !GetParam().name.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Names, HeaderName,
    testing::Values(Case{"A: b", "A"}, Case{"A:", "A"}, Case{"A : b", "A"}, Case{"A \t : b", "A"},
                    Case{"\"x: y", "\"x"}, Case{"--a: b", "--a"}, Case{"(c): d", "(c)"},
                    Case{":x", ""}, Case{"A B: x", ""}, Case{"", ""}, Case{"A", ""},
                    Case{" A: b", ""}, Case{"From a@b Mon 10:00", ""}, Case{"\xc3\xa9: x", ""},
                    Case{"A\x01: x", ""}, Case{"A\0: x"sv, ""}, Case{"A \0: x"sv, ""},
                    Case{"A\x7f: x", ""}, Case{"~!#: x", "~!#"}));

TEST(KnownHeader, SixAreMimeNamesAndNoMore) {
  const auto is_mime = [](std::string_view name) {
    const auto known = find_known_header(name);
    return known && is_mime_header(*known);
  };
  for (const auto* name : {"Content-Type", "content-transfer-encoding", "CONTENT-DISPOSITION",
                           "Content-Description", "Content-Id", "Mime-Version"}) {
    EXPECT_TRUE(is_mime(name)) << name;
  }
  for (const auto* name :
       {"Content-Language", "Content-Location", "Content-Length", "Content-MD5", "Subject", ""}) {
    EXPECT_FALSE(is_mime(name)) << name;
  }
}

TEST(KnownHeader, IsFoundInAnyCase) {
  EXPECT_EQ(find_known_header("APPARENTLY-to"), KnownHeader::apparently_to);
  EXPECT_EQ(find_known_header("to"), KnownHeader::to);
  EXPECT_EQ(find_known_header("Resent-Message-ID"), KnownHeader::resent_message_id);
  EXPECT_EQ(find_known_header("Return-Receipt-To"), KnownHeader::return_receipt_to);
  EXPECT_EQ(find_known_header("T"), std::nullopt);
  EXPECT_TRUE(is_resent_header(KnownHeader::resent_date));
  EXPECT_FALSE(is_resent_header(KnownHeader::date));
}

}  // namespace
}  // namespace headgate::mail
