// find_text: "no" is a proof, "yes" comes with a text.
#include <gtest/gtest.h>

#include "compiler/lint/automaton.h"

namespace headgate::lint {
namespace {

Automaton automaton(const std::string& pattern, Approximation approximation) {
  const auto tree = analyse::parse_pcre(pattern, front::Flags());
  EXPECT_TRUE(tree) << pattern;
  auto made = make_automaton(*tree, approximation);
  EXPECT_TRUE(made) << pattern;
  return std::move(*made);
}

struct Case {
  const char* matched;      // by all texts that are looked for
  const char* not_matched;  // … and by none
  Found found;
};

TEST(Automaton, TellsWhetherOnePatternMatchesWhatAnotherDoes) {
  const Case cases[] = {
      {"abc", "b", Found::no},
      {"b", "abc", Found::yes},
      {"^a", "a", Found::no},
      {"a", "^a", Found::yes},
      {"a$", "a", Found::no},
      {"a", "a$", Found::yes},
      {"^(foo|bar)x", "(foo|bar|baz)", Found::no},
      {"a{3,5}", "a{2}", Found::no},
      {"a{3,5}", "a{4}", Found::yes},
      {"[0-9]+x", "[0-9a-f]x", Found::no},
      {"\\bfoo\\b", "foo", Found::no},
      {"foo", "\\bfoo\\b", Found::yes},
      {"\\bfoo\\.com\\b", "\\bfoo\\b", Found::no},
      {"x.*y", "xy", Found::yes},
      {"xy", "x.*y", Found::no},
      {"(?=z)a", "a", Found::no},   // more than it is: the look-ahead is always true
      {"a", "(?=a)a", Found::yes},  // less: it never is
      {"(a)\\1", "a.*", Found::no},
      {"a+", "^", Found::no},
      {"", ".", Found::no},      // the empty text is never looked up
      {"\\n$", "x", Found::no},  // … and no text ends in a newline
  };
  for (const Case& c : cases) {
    const Automaton one = automaton(c.matched, Approximation::more);
    const Automaton other = automaton(c.not_matched, Approximation::less);
    std::string text;
    EXPECT_EQ(find_text({{&one, true}, {&other, false}}, &text), c.found)
        << c.matched << " without " << c.not_matched << ": " << text;
  }
}

TEST(Automaton, GivesAText) {
  const Automaton one = automaton("^subject:", Approximation::more);
  const Automaton other = automaton("fo+d", Approximation::more);
  std::string text;
  EXPECT_EQ(find_text({{&one, true}, {&other, true}}, &text), Found::yes);
  EXPECT_EQ(text, "subject:fod");
}

TEST(Automaton, GivesUpWhereItWouldGrow) {
  const auto tree = analyse::parse_pcre("((a{60}){60}){60}", front::Flags());
  ASSERT_TRUE(tree);
  EXPECT_FALSE(make_automaton(*tree, Approximation::more));
  const Automaton one = automaton("(a|b)*a(a|b){20}c", Approximation::more);
  const Automaton other = automaton("(a|b)*b(a|b){20}c", Approximation::less);
  EXPECT_NE(find_text({{&one, true}, {&other, false}}), Found::no);
  std::size_t nothing = 0;
  EXPECT_EQ(find_text({{&one, true}}, nullptr, &nothing), Found::perhaps);
}

}  // namespace
}  // namespace headgate::lint
