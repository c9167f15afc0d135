#include "engine/mail/mime_tokens.h"

#include <string>

#include <gtest/gtest.h>

namespace headgate::mail {
namespace {

// "text/plain; a=b" -> "w:text s:/ w:plain | w:a s:= w:b"
std::string tokens(std::string_view field_body) {
  MimeItems items(field_body);
  std::string out;
  bool first = true;
  while (const auto item = items.next()) {
    if (!first) out += " |";
    first = false;
    for (const auto& token : *item) {
      if (!out.empty()) out += ' ';
      out += token.kind == MimeToken::Kind::word     ? "w:"
             : token.kind == MimeToken::Kind::quoted ? "q:"
                                                     : "s:";
      out += token.text;
    }
  }
  return out;
}

struct Case {
  std::string_view body, tokens;
};

class Items : public testing::TestWithParam<Case> {};

TEST_P(Items, AreTokensSplitAtSemicolons) { EXPECT_EQ(tokens(GetParam().body), GetParam().tokens); }

INSTANTIATE_TEST_SUITE_P(
    Bodies, Items,
    testing::Values(
        Case{"", ""}, Case{" \t\r\n", ""}, Case{"text/plain", "w:text s:/ w:plain"},
        Case{" text / plain ; a = b", "w:text s:/ w:plain | w:a s:= w:b"}, Case{"a;", "w:a"},
        Case{";a", " | w:a"}, Case{"a;;b", "w:a | | w:b"}, Case{"a (c (d) e) b", "w:a w:b"},
        Case{"a (c \\) b) d", "w:a w:d"}, Case{"a (open", "w:a"}, Case{"a ) b", "w:a s:) w:b"},
        Case{"\"q;r\" x", "q:q;r w:x"}, Case{"\"a\\\"b\"", "q:a\"b"}, Case{"\"a \t\n b\"", "q:a b"},
        Case{"\"open", "q:open"}, Case{"\"open\\", "q:open"},
        Case{"a=b/c", "w:a s:= w:b"},  // three tokens are kept, the rest is skipped
        Case{"a\x01z", "w:a s:\x01 w:z"}, Case{"\xe9t\xe9", "w:\xe9t\xe9"}, Case{"\"\"", "q:"}));

TEST(MimeToken, AQuotedStringIsNotAWord) {
  EXPECT_TRUE((MimeToken{MimeToken::Kind::word, "MultiPart"}.is_word("multipart")));
  EXPECT_FALSE((MimeToken{MimeToken::Kind::quoted, "multipart"}.is_word("multipart")));
}

}  // namespace
}  // namespace headgate::mail
