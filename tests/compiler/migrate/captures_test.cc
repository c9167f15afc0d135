// Where captures_agree() gives no doubt, $1 … are the same over all short texts; where it does, there are patterns that differ.
#include "compiler/migrate/captures.h"

#include <gtest/gtest.h>

#include "tests/compiler/migrate/both_engines.h"

namespace headgate::migrate {
namespace {

struct Case {
  const char* pattern;
  int groups;
  const char* doubt;  // a part of it; "" = none
};

class Captures : public ::testing::TestWithParam<Case> {};

TEST_P(Captures, AreJudgedAndAgreeWithoutDoubt) {
  const Case& c = GetParam();
  front::Pattern pattern;
  pattern.text = c.pattern;
  pattern.flags = regexp_flags("");
  const auto groups = static_cast<std::size_t>(c.groups);
  const auto translated = translate_pattern(pattern, groups, 10'000'000);
  ASSERT_TRUE(translated) << translated.error();
  if (*c.doubt != '\0') {
    EXPECT_NE(std::string::npos, translated->captures_doubt.find(c.doubt))
        << c.pattern << ": " << translated->captures_doubt;
    return;
  }
  EXPECT_EQ("", translated->captures_doubt) << c.pattern;
  const auto old_engine = compile_old(pattern.text, pattern.flags, groups);
  const auto new_engine =
      match::compile_pcre2(translated->text, pcre2_options_of(translated->flags));
  ASSERT_TRUE(old_engine && new_engine);
  const Difference d =
      first_difference(**old_engine, **new_engine, groups, short_texts("abc :\n", 6));
  EXPECT_EQ("", d.text) << c.pattern << ": " << d.what;
}

INSTANTIATE_TEST_SUITE_P(Proven, Captures,
                         ::testing::Values(Case{"^a: (.*)$", 1, ""}, Case{"^(a|b): (.*)", 2, ""},
                                           Case{"^a:(.*)b(.*)", 2, ""}, Case{"(.*)a", 1, ""},
                                           Case{"^(a)?b(.*)$", 2, ""}, Case{"(a|bc):", 1, ""},
                                           Case{"^([^:]*):(.*)$", 2, ""},
                                           Case{"^(a|b|cc):.*b", 1, ""},
                                           Case{"^a{2}([b ]*)c", 1, ""}, Case{"(ab){2}(c*)", 0, ""},
                                           Case{"^(.*)([a-b])(.*)$", 3, ""},
                                           Case{"^(ab|ac)(.*)$", 2, ""}, Case{"((a|b)c*)$", 2, ""},
                                           Case{"(a.|b.)(c*)", 1, ""}, Case{"^()a(.*)", 2, ""},
                                           Case{"^(a|)b(c+)$", 0, ""}));

INSTANTIATE_TEST_SUITE_P(
    Doubted, Captures,
    ::testing::Values(Case{"(a|ab)(c|bcd)", 2, "begin alike"}, Case{"(a*)(ab)?", 2, "several"},
                      Case{"(a|b)*c", 1, "inside a repeat"}, Case{"a*(b|abcd)", 1, "several"},
                      Case{"(a*)+", 1, "more than one length"}, Case{"(a)\\1", 1, "back-reference"},
                      Case{"(|a)b", 1, "begin alike"}));

}  // namespace
}  // namespace headgate::migrate
