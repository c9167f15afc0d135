#include <gtest/gtest.h>

#include "compiler/lint/tokens.h"
#include "engine/checks/words.h"

namespace headgate::lint {
namespace {

front::Pattern pattern(const std::string& text) {
  front::Pattern made;
  made.text = text;
  return made;
}

TEST(Tokens, CutsPatterns) {
  const auto tokens = tokens_of(front::Dialect::pcre, pattern("^a\\.[]x]{2,}?(?:b|\\d)$"));
  ASSERT_TRUE(tokens);
  ASSERT_EQ(tokens->size(), 10U);
  EXPECT_EQ((*tokens)[0].kind, TokenKind::caret);
  EXPECT_EQ((*tokens)[2].byte, '.');
  EXPECT_EQ((*tokens)[2].kind, TokenKind::literal);
  EXPECT_EQ((*tokens)[3].kind, TokenKind::brackets);
  EXPECT_EQ((*tokens)[3].quantifier, "{2,}?");
  EXPECT_EQ((*tokens)[5].depth, 1);
  EXPECT_EQ((*tokens)[7].kind, TokenKind::escape);
  EXPECT_EQ((*tokens)[9].kind, TokenKind::dollar);
}

TEST(Tokens, GivesUpOnWhatNeedsMoreToBeRead) {
  for (const char* text : {"a\\Qb\\E", "(?i)a", "(*UTF)a", "\\p{L}", "[a", "a\\", "(?<n>a)"})
    EXPECT_FALSE(tokens_of(front::Dialect::pcre, pattern(text))) << text;
  front::Pattern spaced = pattern("a b");
  spaced.flags.extended = true;
  EXPECT_FALSE(tokens_of(front::Dialect::pcre, spaced));
}

TEST(Tokens, FindsHeaderNames) {
  EXPECT_EQ(header_name("^Subject: x"), "Subject");
  EXPECT_EQ(header_name("^\\s*X-Mailer:"), "X-Mailer");
  EXPECT_EQ(header_name("^(To|From):"), "");
  EXPECT_EQ(header_name("no colon"), "");
}

TEST(Words, KnowsTheNearest) {
  EXPECT_EQ(checks::nearest_word("REJCT"), "REJECT");
  EXPECT_EQ(checks::nearest_word("rejetc"), "REJECT");
  EXPECT_EQ(checks::nearest_word("DISCRAD"), "DISCARD");
  EXPECT_EQ(checks::nearest_word("REJECT:"), "REJECT");
  EXPECT_EQ(checks::nearest_word("REJECT/i"), "REJECT");
  EXPECT_EQ(checks::nearest_word("WARM"), "WARN");
  EXPECT_EQ(checks::nearest_word("relay"), "");
  EXPECT_EQ(checks::nearest_word("info@example.com"), "");
  EXPECT_EQ(checks::nearest_word("OKAY"), "");
  EXPECT_TRUE(checks::is_access_word("550"));
  EXPECT_TRUE(checks::is_access_word("reject_unauth_destination"));
  EXPECT_FALSE(checks::is_access_word("smtp:"));
}

}  // namespace
}  // namespace headgate::lint
