// Every construct of regexp: in, its pcre: spelling or a reason out; and both engines agree on all short texts.
#include "compiler/migrate/translate.h"

#include <gtest/gtest.h>

#include "tests/compiler/migrate/both_engines.h"

namespace headgate::migrate {
namespace {

struct Case {
  const char* pattern;
  const char* letters;
  const char* spelled;  // "" = it must give a reason
  const char* new_letters;
};

front::Pattern pattern_of(const std::string& text, std::string_view letters) {
  front::Pattern pattern;
  pattern.text = text;
  pattern.flags = regexp_flags(letters);
  return pattern;
}

class Translate : public ::testing::TestWithParam<Case> {};

TEST_P(Translate, SpellsAndAgrees) {
  const Case& c = GetParam();
  const front::Pattern pattern = pattern_of(c.pattern, c.letters);
  const auto old_engine = compile_old(pattern.text, pattern.flags, 0);
  ASSERT_TRUE(old_engine) << c.pattern << ": " << old_engine.error().text;
  const auto translated = translate_pattern(pattern, 0, 10'000'000);
  if (*c.spelled == '\0' && *c.new_letters == '!') {
    ASSERT_FALSE(translated) << c.pattern << " became " << translated->text;
    return;
  }
  ASSERT_TRUE(translated) << c.pattern << ": " << translated.error();
  EXPECT_EQ(c.spelled, translated->text) << c.pattern;
  EXPECT_EQ(c.new_letters, translated->flags.letters) << c.pattern;
  const auto new_engine =
      match::compile_pcre2(translated->text, pcre2_options_of(translated->flags));
  ASSERT_TRUE(new_engine) << translated->text << ": " << new_engine.error().text;
  static const auto kTexts = short_texts("abA\n-]", 5);
  static const auto kMore = short_texts("d0\\ .{}+", 4);
  for (const auto* texts : {&kTexts, &kMore}) {
    const Difference d = first_difference(**old_engine, **new_engine, 0, *texts);
    EXPECT_EQ("", d.text) << c.pattern << " and " << translated->text << ": " << d.what;
  }
}

constexpr const char* kNo = "!";  // as new_letters, with an empty spelling: a reason

INSTANTIATE_TEST_SUITE_P(
    Extended, Translate,
    ::testing::Values(
        Case{"abc", "", "abc", ""}, Case{"abc", "i", "abc", "i"}, Case{"^a", "", "^a", ""},
        Case{"a$", "", "a$", "E"}, Case{"^$", "", "^$", "E"}, Case{"a.b", "", "a.b", ""},
        Case{"a$b", "", "a$b", "E"}, Case{"a$.", "", "", kNo}, Case{".^a", "", "", kNo},
        Case{"(a$|b)*\\s", "", "", kNo}, Case{"a$.", "m", "a$.", "ms"}, Case{"a^b", "", "a^b", ""},
        Case{"(a|b)*A", "i", "(a|b)*A", "i"}, Case{"a|b|", "", "a|b|", ""},
        Case{"a||b", "", "a||b", ""}, Case{"(|a)b", "", "(|a)b", ""}, Case{"()a", "", "()a", ""},
        Case{"a)", "", "a\\)", ""}, Case{"a]", "", "a]", ""}, Case{"a}", "", "a}", ""},
        Case{"a\\{", "", "a\\{", ""}, Case{"a\\+b", "", "a\\+b", ""},
        // quantifiers
        Case{"a*b+A?", "", "a*b+A?", ""}, Case{"a{2}", "", "a{2}", ""},
        Case{"a{1,2}b", "", "a{1,2}b", ""}, Case{"^a{,2}$", "", "^a{0,2}$", "E"},
        Case{"^a{2,}$", "", "^a{2,}$", "E"}, Case{"^a{,}$", "", "^a*$", "E"},
        Case{"^a{01}$", "", "^a{1}$", "E"}, Case{"^a{0}b$", "", "^a{0}b$", "E"},
        Case{"a**b", "", "(?:a*)*b", ""}, Case{"^a*?b$", "", "^(?:a*)?b$", "E"},
        Case{"^a+?$", "", "^(?:a+)?$", "E"}, Case{"^a?+$", "", "^(?:a?)+$", "E"},
        Case{"^a{2}{2}$", "", "^(?:a{2}){2}$", "E"}, Case{"^(a*)*$", "", "^(a*)*$", "E"},
        Case{"^(a|b){2}$", "", "^(a|b){2}$", "E"}, Case{"^(^a|b)*$", "", "^(^a|b)*$", "E"},
        Case{"(a|$)b?", "", "(a|$)b?", "E"},
        // escapes
        Case{"\\.", "", "\\.", ""}, Case{"\\d", "", "[^\\s\\S]", ""}, Case{"\\d", "i", "d", "i"},
        Case{"\\D", "", "D", ""}, Case{"\\0", "", "0", ""}, Case{"a\\-", "", "a\\-", ""},
        Case{"\\n", "i", "n", "i"}, Case{"\\x41", "", "[^\\s\\S]41", ""},
        Case{"a\\d*b", "", "a[^\\s\\S]*b", ""}, Case{"\\w\\W", "", "\\w\\W", ""},
        Case{"\\s\\S", "", "\\s\\S", ""}, Case{"\\<a", "", "\\b(?=\\w)a", ""},
        Case{"a\\>", "", "a\\b(?<=\\w)", ""}, Case{"\\ba\\b", "", "\\ba\\b", ""},
        Case{"a\\Bb", "", "a\\Bb", ""}, Case{"\\`a", "", "\\Aa", ""}, Case{"a\\'", "", "a\\z", ""},
        Case{"\\<", "", "\\b(?=\\w)", ""},
        // brackets
        Case{"[ab]", "", "[ab]", ""}, Case{"[^ab]", "", "[^ab]", ""}, Case{"[]a]", "", "[]a]", ""},
        Case{"[^]a]", "", "[^]a]", ""}, Case{"[a\\]", "", "[a\\\\]", ""},
        Case{"[\\d]", "", "[\\\\d]", ""}, Case{"[a-]", "", "[a-]", ""},
        Case{"[-a]", "", "[-a]", ""}, Case{"[A-z]", "", "[a-z]", ""},
        Case{"[a-Z]", "", "[a-z]", ""}, Case{"[A-b]", "i", "[A-b]", "i"},
        Case{"[[:alpha:]]", "", "[[:alpha:]]", ""}, Case{"[[:upper:]]", "", "[[:upper:]]", ""},
        Case{"[[:upper:]]", "i", "[[:upper:]]", "i"}, Case{"[[:space:]-]", "", "[[:space:]-]", ""},
        Case{"[[.-.]a]", "", "[\\-a]", ""}, Case{"[[=a=]b]", "", "[ab]", ""},
        Case{"[[.a.]-b]", "", "[ab]", ""}, Case{"[a[]", "", "[a\\[]", ""},
        Case{"[[a]", "", "[\\[a]", ""}, Case{"[.]", "", "[.]", ""},
        Case{"[*+?{}()|^$]", "", "[*+?{}()|^$]", ""}, Case{"[a^]", "", "[a^]", ""},
        Case{"a[--a]", "", "", kNo}, Case{"[^[:alnum:]]", "", "[^[:alnum:]]", ""},
        Case{"[.-]]", "", "[.-]]", ""},
        // newline
        Case{"^a", "m", "^a", "m"}, Case{"a$", "m", "a$", "m"},
        Case{"^$", "m", "(?<![^\\n])$", "m"}, Case{"a.b", "m", "a.b", "s"},
        Case{"a[^b]", "m", "a[^b\\n]", ""}, Case{"a\\Wb", "m", "a\\Wb", ""},
        Case{"a\\Sb", "m", "a\\Sb", ""}, Case{"^a*$", "m", "(?<![^\\n])a*$", "m"},
        Case{"(^|a)b", "m", "(^|a)b", "m"}, Case{"(a|^)", "m", "(a|(?<![^\\n]))", ""},
        Case{"\\`a", "m", "\\Aa", ""}, Case{"a\\'", "m", "a\\z", ""},
        Case{"a[[:space:]]b", "m", "a[[:space:]]b", ""}, Case{"^.*a$", "m", "^.*a$", "ms"},
        Case{"(^a)*b", "m", "(^a)*b", "m"}));

INSTANTIATE_TEST_SUITE_P(
    Basic, Translate,
    ::testing::Values(Case{"a+b?", "x", "a\\+b\\?", ""}, Case{"a\\+b\\?", "x", "a+b?", ""},
                      Case{"\\(a\\|b\\)", "x", "(a|b)", ""}, Case{"(a|b)", "x", "\\(a\\|b\\)", ""},
                      Case{"*a", "x", "\\*a", ""}, Case{"^*a", "x", "^\\*a", ""},
                      Case{"\\(*a\\)", "x", "(\\*a)", ""}, Case{"a\\|*b", "x", "a|\\*b", ""},
                      Case{"**", "x", "\\**", ""}, Case{"a^b", "x", "a\\^b", ""},
                      Case{"a$b", "x", "a\\$b", ""}, Case{"\\(^a\\)", "x", "(^a)", ""},
                      Case{"\\(a$\\)", "x", "(a$)", "E"}, Case{"a\\|^b", "x", "a|^b", ""},
                      Case{"a$\\|b", "x", "a$|b", "E"}, Case{"^^a", "x", "^\\^a", ""},
                      Case{"a\\{1,2\\}b", "x", "a{1,2}b", ""}, Case{"a{1}", "x", "a\\{1}", ""},
                      Case{"a\\{,2\\}b", "x", "a{0,2}b", ""}, Case{"\\+a", "x", "\\+a", ""},
                      Case{"^\\+a", "x", "^\\+a", ""}, Case{"a\\.b", "x", "a\\.b", ""},
                      Case{"\\(?a\\)", "x", "(\\?a)", ""}, Case{"\\(a*\\)*b", "x", "(a*)*b", ""},
                      Case{"[a\\]b", "x", "[a\\\\]b", ""}, Case{"a\\}", "x", "a\\}", ""}));

// Nothing is claimed of them; these agree.
INSTANTIATE_TEST_SUITE_P(BackReferences, Translate,
                         ::testing::Values(Case{"(a)\\1", "", "(a)\\1", ""},
                                           Case{"^(a|b)\\1$", "", "^(a|b)\\1$", "E"},
                                           Case{"(a)\\10", "", "(a)(?:\\1)0", ""},
                                           Case{"\\(a\\)\\1*b", "x", "(a)\\1*b", ""}));

}  // namespace
}  // namespace headgate::migrate
