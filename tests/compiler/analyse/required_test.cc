// Patterns and what every match of them must contain; and, at random, that every match does.
#include "compiler/analyse/required.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "compiler/analyse/ways.h"
#include "engine/base/text.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/scratch.h"
#include "tests/compiler/analyse/random_patterns.h"

namespace headgate::analyse {
namespace {

// Clauses apart by `&`, literals by `|`; "foo" in any case, 'foo' as it is; ^ and $ at a line's ends.
std::string told(const Clause& clause) {
  std::string out;
  for (const Literal& literal : clause) {
    const std::string quote = literal.caseless ? "\"" : "'";
    out += (out.empty() ? "" : "|") + std::string(literal.at_start ? "^" : "") + quote +
           text::printable(literal.bytes) + quote + (literal.at_end ? "$" : "");
  }
  return out;
}

std::string told(const std::vector<Clause>& clauses) {
  std::string out;
  for (const Clause& clause : clauses) out += (out.empty() ? "" : " & ") + told(clause);
  return out;
}

struct Row {
  const char* pattern;
  const char* needs;
};

TEST(RequiredLiterals, OfPcrePatterns) {
  const Row rows[] = {
      {"viagra", "\"viagra\""},
      {"(?-i)Viagra", "'Viagra'"},
      {"(?-i:V)iagra", "\"viagra\""},
      {"123", "'123'"},
      {"^Subject: x", "^\"subject: x\""},
      {"foo$", "\"foo\"$"},
      {"^foo$", "^\"foo\"$"},
      {"foo\\Z", "\"foo\"$"},
      {"foo.*bar", "\"foo\" & \"bar\""},
      {"foo|bar", "\"bar\"|\"foo\""},
      {"(foo|bar)baz", "\"barbaz\"|\"foobaz\""},
      {"foo(bar)?", "\"foo\""},
      {"foo(?:bar|)", "\"foo\""},
      {"(foo)+.", "\"foo\""},
      {"(foo){2}", "\"foofoo\""},
      {"[ab]c", "\"ac\"|\"bc\""},
      {"\\bfoo\\b", "\"foo\""},
      {"foo(?=bar)", "\"foo\""},
      {"foo(?!bar)baz", "\"foobaz\""},
      {"(?<=foo)bar", "\"bar\""},
      {"(?>foo|fo)bar", "\"fobar\"|\"foobar\""},
      {"(foo)\\1", "\"foo\""},
      {"(?:foo){0}bar", "\"bar\""},
      {"x(?#foo)y", "\"xy\""},
  };
  for (const Row& row : rows) {
    const Parsed tree = parse_pcre(row.pattern, front::Flags{});
    ASSERT_TRUE(tree) << row.pattern;
    const std::string all = told(required_literals(*tree));
    EXPECT_NE((" & " + all + " & ").find(" & " + std::string(row.needs) + " & "), std::string::npos)
        << row.pattern << " needs " << all;
  }
  for (const char* pattern : {".*", "(foo)*", "(^|foo)", "^|foo", "[^a]", "[a-z]+", "a{0}",
                              "(foo|)x?", "", "^", "$", "\\b", "(?=foo)", "(?!foo)", "(a)?\\1"}) {
    const Parsed tree = parse_pcre(pattern, front::Flags{});
    EXPECT_EQ(told(required_literals(*tree)), "") << pattern;
  }
}

TEST(RequiredLiterals, AreFewAndShort) {
  std::string many = "(";
  for (int i = 0; i < 400; ++i) many += (i > 0 ? "|w" : "w") + std::to_string(1000 + i);
  for (const std::string& pattern :
       {many + ")x", std::string(200, 'a'), "(" + std::string(40, 'a') + "){3}",
        std::string("[a-j]{9}")}) {
    const Parsed tree = parse_pcre(pattern, front::Flags{});
    for (const Clause& clause : required_literals(*tree)) {
      EXPECT_LE(clause.size(), kMostLiterals);
      for (const Literal& literal : clause) {
        EXPECT_GE(literal.bytes.size(), 1U);
        EXPECT_LE(literal.bytes.size(), kLongestLiteral);
      }
    }
  }
}

TEST(Beginnings, SayWhatATextBeginsWith) {
  struct Beginning {
    const char* pattern;
    const char* begins;
    bool all;
  };

  const Beginning rows[] = {
      {"Subject:", "\"subject:\"", true},
      {"Subject:.*", "\"subject:\"", false},
      {"(a|b)c", "\"ac\"|\"bc\"", true},
      {"a?b", "\"ab\"|\"b\"", true},
      {".a", "''", false},
      {"Subject:\\b", "\"subject:\"", false},
      {"Subject:$", "\"subject:\"$", false},
      {"Subject:(?=x)", "\"subject:\"", false},
      {"(?>ab|a)c", "\"abc\"|\"ac\"", false},
      {"x\\n(?m)^y", "^\"x?y\"", false},
  };
  for (const Beginning& row : rows) {
    const Beginnings found = beginnings(*parse_pcre(row.pattern, front::Flags{}));
    EXPECT_EQ(told(found.literals), row.begins) << row.pattern;
    EXPECT_EQ(found.all, row.all) << row.pattern;
  }
}

TEST(Beginnings, BranchesThatMayBeginAlike) {
  struct Pair {
    const char *a, *b;
    bool alike;
  };

  const Pair rows[] = {
      {"foo", "bar", false},        {"foo", "FOO", true},      {"foo", "fob", false},
      {"fo", "foo", true},          {"f.", "foo", true},       {".", "foo", true},
      {"(?-i)Foo", "foo", true},    {"a?b", "ac", false},      {"a?b", "b", true},
      {"(?m)a\\n^b", "a\\n", true}, {"(?=x)foo", "foo", true}, {"\\1", "foo", true}};
  for (const Pair& row : rows) {
    const auto of = [](const char* pattern) {
      return beginnings(*parse_pcre(pattern, front::Flags{}));
    };
    EXPECT_EQ(may_begin_alike(of(row.a), of(row.b)), row.alike) << row.a << " " << row.b;
    EXPECT_EQ(may_begin_alike(of(row.b), of(row.a)), row.alike) << row.b << " " << row.a;
  }
}

TEST(WaysAtOnePlace, CountsTheWaysThroughTheTree) {
  struct Ways {
    const char* pattern;
    std::size_t ways;
  };

  const Ways rows[] = {{"foo", 1},    {"foo|bar", 1},      {"foo|fo", 2}, {"(a|a)", 2},
                       {"a?b?", 3},   {"(a|ab)(c|bc)", 2}, {".", 0},      {"a*", 0},
                       {"(?=a)", 0},  {"(a|)(a|)", 4},     {"a{0,3}", 4}, {"[ab]", 1},
                       {"(a)\\1", 0}, {"(?>a|ab)", 2}};
  for (const Ways& row : rows) {
    const std::size_t ways = ways_at_one_place(*parse_pcre(row.pattern, front::Flags{}));
    EXPECT_EQ(ways, row.ways) << row.pattern;
  }
}

// At random: where PCRE2 finds a match, each clause has a literal in the text, with its line's beginning and end.
bool holds(const std::string& text, const Literal& literal) {
  const std::string in = "\n" + (literal.caseless ? text::lower(text) : text) + "\n";
  const std::string wanted =
      (literal.at_start ? "\n" : "") + literal.bytes + (literal.at_end ? "\n" : "");
  return in.find(wanted) != std::string::npos;
}

TEST(RequiredLiterals, AreInEveryMatch) {
  RandomPatterns generate(17);
  match::Scratch scratch;
  int matches = 0;
  for (int round = 0; round < 6000; ++round) {
    const std::string pattern = generate.branches(2);
    const Parsed tree = parse_pcre(pattern, front::Flags{});
    const auto engine = match::compile_pcre2(pattern, {});
    if (!tree || !engine) continue;
    const std::vector<Clause> clauses = required_literals(*tree);
    for (int i = 0; i < 8; ++i) {
      const std::string text = generate.text();
      if ((*engine)->test(text, scratch, nullptr).answer != match::Answer::yes) continue;
      EXPECT_GE(text.size(), least_bytes(*tree)) << pattern << " on " << text;
      for (const Clause& clause : clauses) {
        ++matches;
        EXPECT_TRUE(std::any_of(clause.begin(), clause.end(),
                                [&](const Literal& literal) { return holds(text, literal); }))
            << pattern << " on " << text << " needs " << told(clause);
      }
    }
  }
  EXPECT_GT(matches, 3000);
}

}  // namespace
}  // namespace headgate::analyse
