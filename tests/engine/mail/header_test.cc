#include "engine/mail/header.h"

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

TEST(MimeHeaderName, AreSixAndNoMore) {
  for (const auto* name : {"Content-Type", "content-transfer-encoding", "CONTENT-DISPOSITION",
                           "Content-Description", "Content-Id", "Mime-Version"}) {
    EXPECT_TRUE(is_mime_header_name(name)) << name;
  }
  for (const auto* name :
       {"Content-Language", "Content-Location", "Content-Length", "Content-MD5", "Subject", ""}) {
    EXPECT_FALSE(is_mime_header_name(name)) << name;
  }
}

}  // namespace
}  // namespace headgate::mail
