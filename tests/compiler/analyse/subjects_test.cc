// Texts near patterns: that some of the first half match and some of the second do not, by the reference engines; that the
// same seed gives the same texts; and that no pattern makes them large or slow.
#include "compiler/analyse/subjects.h"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

#include "engine/match/confirm_pcre2.h"
#include "engine/match/confirm_posix.h"
#include "engine/match/scratch.h"
#include "tests/compiler/analyse/random_patterns.h"

namespace headgate::analyse {
namespace {

using front::Dialect;

struct Engine {
  std::shared_ptr<const match::Confirmer> confirmer;
  match::Scratch scratch;

  bool matches(const std::string& text) {
    return confirmer->test(text, scratch, nullptr).answer == match::Answer::yes;
  }

  std::size_t count(const std::vector<std::string>& texts) {
    std::size_t matching = 0;
    for (const std::string& text : texts) matching += matches(text) ? 1 : 0;
    return matching;
  }
};

front::Pattern pattern_of(const char* text, bool caseless = true) {
  front::Pattern pattern;
  pattern.text = text;
  pattern.flags.caseless = caseless;
  return pattern;
}

void compile(Engine& engine, Dialect dialect, const front::Pattern& pattern) {
  if (dialect == Dialect::pcre) {
    match::Pcre2Options options;
    options.caseless = pattern.flags.caseless;
    options.multiline = pattern.flags.multiline;
    auto compiled = match::compile_pcre2(pattern.text, options);
    ASSERT_TRUE(compiled) << pattern.text;
    engine.confirmer = std::move(*compiled);
  } else {
    match::PosixOptions options;
    options.ignore_case = pattern.flags.caseless;
    options.newline = pattern.flags.multiline;
    options.extended = !pattern.flags.basic;
    auto compiled = match::compile_posix(pattern.text, options, 9);
    ASSERT_TRUE(compiled) << pattern.text;
    engine.confirmer = std::move(*compiled);
  }
}

constexpr const char* kBoth[] = {
    "viagra",
    "^Subject: .*free (money|cash|gold)",
    "^From:.*@([a-z0-9-]+\\.)*example\\.(com|net)>?$",
    "[0-9]{3,5}x",
    "a{2}",
    "(ab|cd)+e?f",
    "^(foo|bar)$",
    "x[^a-z ]y",
    "^.{10,20}$",
    "[[:alpha:]]{3}[[:digit:]]",
    "(a(b(c(d)?)?)?)?x$|^q",
    "^$",
    "\\.(exe|scr|pif)\"?$",
    "(((a|b){2,3}c){2,3}d){2}",
    "Z{500}",
};

constexpr const char* kPcreOnly[] = {"\\bfoo\\b.bar",
                                     "\\Bfoo",
                                     "foo\\B",
                                     "(?<=foo)bar",
                                     "(?<!foo)bar",
                                     "foo(?=bar)",
                                     "foo(?!bar)\\w{3}",
                                     "^(?=.*x)(?=.*y)[a-z]+$",
                                     "(?m)^foo$.^bar$",
                                     "(?>a+)b",
                                     "(a|b)x\\1",
                                     "(['\"])[^'\"]+\\1",
                                     "\\d+\\s\\w+\\S\\D$",
                                     "\\x41\\x{7e}",
                                     "a++b",
                                     "(?i:foo)(?-i:BAR)",
                                     "\\Qa.b\\E+",
                                     "^(?!X-)[^:]+:",
                                     "a\\Rb",
                                     "\\Afoo\\z",
                                     "(?s-m)^a$",
                                     "^(?!.*(a|b)).*\\S"};

class Near : public testing::Test {
 protected:
  static void expect_both_kinds(Dialect dialect, const front::Pattern& pattern) {
    Engine engine;
    compile(engine, dialect, pattern);
    const Subjects found = subjects_by_kind(dialect, pattern, {});
    EXPECT_FALSE(found.matching.empty()) << pattern.text;
    const std::size_t matching = engine.count(found.matching);
    const std::size_t missing = found.near.size() - engine.count(found.near);
    EXPECT_GE(matching * 4, found.matching.size()) << pattern.text << ": " << matching;
    EXPECT_GT(missing, 0U) << pattern.text;
  }
};

TEST_F(Near, SomeMatchAndSomeDoNot) {
  for (const char* text : kBoth) {
    for (const bool caseless : {true, false}) {
      expect_both_kinds(Dialect::pcre, pattern_of(text, caseless));
      expect_both_kinds(Dialect::regexp, pattern_of(text, caseless));
    }
  }
  for (const char* text : kPcreOnly) expect_both_kinds(Dialect::pcre, pattern_of(text));
}

TEST_F(Near, BasicExpressionsAndNewlines) {
  front::Pattern basic = pattern_of("^\\(ab*\\)[0-9]\\{2,3\\}+");
  basic.flags.basic = true;
  expect_both_kinds(Dialect::regexp, basic);
  front::Pattern lines = pattern_of("^foo$.?^bar$|one\n^two$");
  lines.flags.multiline = true;
  expect_both_kinds(Dialect::regexp, lines);
  expect_both_kinds(Dialect::pcre, lines);
}

// No tree: recursion, verbs, back-references of regexp:.
TEST_F(Near, OfPatternsWithoutATree) {
  for (const char* text : {"^\\((?:[^()]|(?R))*\\)$", "foo(*COMMIT)bar", "(a|b)x\\g1",
                           "(?(?=x)xy|zw)end", "\\p{Lu}oo bar"}) {
    const front::Pattern pattern = pattern_of(text);
    ASSERT_FALSE(parse_pcre(text, pattern.flags)) << text;
    Engine engine;
    compile(engine, Dialect::pcre, pattern);
    const Subjects found = subjects_by_kind(Dialect::pcre, pattern, {});
    EXPECT_GT(engine.count(found.matching), 0U) << text;
    EXPECT_LT(engine.count(found.near), found.near.size()) << text;
  }
  const front::Pattern twice = pattern_of("^(foo|ba+r)-\\1 [0-9]x?$");
  ASSERT_FALSE(parse_posix(twice.text, twice.flags));
  Engine engine;
  compile(engine, Dialect::regexp, twice);
  const Subjects found = subjects_by_kind(Dialect::regexp, twice, {});
  EXPECT_GT(engine.count(found.matching), 0U);
  EXPECT_LT(engine.count(found.near), found.near.size());
}

TEST_F(Near, EveryChoiceIsMade) {
  const Subjects found = subjects_by_kind(
      *parse_pcre("^(?-i)(alpha|beta|gamma(1|2))[k-q]{2,7}x?$", {}), {1, 256, 2048});
  const std::set<std::string> texts(found.matching.begin(), found.matching.end());
  const auto has = [&](const auto& wanted) {
    return std::any_of(texts.begin(), texts.end(), wanted);
  };
  for (const char* begin : {"alpha", "beta", "gamma1", "gamma2"})
    EXPECT_TRUE(has([&](const std::string& text) { return text.starts_with(begin); })) << begin;
  for (const std::size_t size : {6U, 7U, 11U})  // two, three and seven behind "beta"
    EXPECT_TRUE(has([&](const std::string& text) {
      return text.starts_with("beta") && text.back() != 'x' && text.size() == size;
    })) << size;
  for (const char c : {'k', 'q', 'x'})
    EXPECT_TRUE(has([&](const std::string& text) { return text.find(c) != std::string::npos; }))
        << c;
  const auto near_has = [&](std::size_t size) {
    return std::any_of(found.near.begin(), found.near.end(), [&](const std::string& text) {
      return text.starts_with("beta") &&
             text.find_first_not_of("klmnopq", 4) == std::string::npos && text.size() == size;
    });
  };
  EXPECT_TRUE(near_has(5) || near_has(12)) << "one too few, one too many";
}

TEST_F(Near, TheSameSeedGivesTheSame) {
  const Node tree = *parse_pcre("(foo|ba[rz])+\\s*x{2,}(?=y)", {});
  EXPECT_EQ(subjects(tree, {7, 100, 500}), subjects(tree, {7, 100, 500}));
  EXPECT_NE(subjects(tree, {7, 100, 500}), subjects(tree, {8, 100, 500}));
  const front::Pattern pattern = pattern_of("(a)(?R)?b");
  EXPECT_EQ(subjects(Dialect::pcre, pattern, {7, 100, 500}),
            subjects(Dialect::pcre, pattern, {7, 100, 500}));
}

void expect_bounded(const std::vector<std::string>& texts, const SubjectOptions& options,
                    const std::string& pattern) {
  EXPECT_LE(texts.size(), options.count) << pattern;
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size()) << pattern;
  for (const std::string& text : texts) {
    EXPECT_LE(text.size(), options.max_length) << pattern;
    EXPECT_EQ(text.find('\0'), std::string::npos) << pattern;
  }
}

TEST_F(Near, BoundedWhateverThePatternSays) {
  std::string branches = "(a";
  for (int i = 0; i < 30000; ++i) branches += "|w" + std::to_string(i);
  branches += ")x";
  const std::string patterns[] = {"a{1,60000}",
                                  "(a{60000}){60000}",
                                  "((((a?){9999}){9999}){9999}){9999}",
                                  "(((|){60000}){60000}){60000}b",
                                  "((((a*)*)*)*)*b",
                                  "(.{0,9000}){0,9000}$",
                                  "(?=(?=(?=(?=a{60000})a{60000})a{60000})a{60000})b",
                                  "(a{5000})(\\1){5000}",
                                  "\\x00[\\x00]a",
                                  "[^\\s\\S]",
                                  "",
                                  branches};
  const auto begun = std::chrono::steady_clock::now();
  for (const std::string& pattern : patterns) {
    for (const SubjectOptions& options : {SubjectOptions{1, 64, 300}, SubjectOptions{2, 1, 1},
                                          SubjectOptions{3, 0, 10}, SubjectOptions{4, 5, 0}}) {
      const Parsed tree = parse_pcre(pattern, {});
      ASSERT_TRUE(tree) << pattern;
      expect_bounded(subjects(*tree, options), options, pattern);
      const Subjects guessed = subjects_by_kind(pattern, false, options);
      expect_bounded(guessed.matching, options, pattern);
      expect_bounded(guessed.near, options, pattern);
    }
  }
  // Far from what it takes; without a bound it would be years.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

TEST_F(Near, RandomPatternsAreMatchedByMostOfTheirTexts) {
  RandomPatterns generate(5);
  std::size_t texts = 0, matching = 0, near = 0, missing = 0;
  for (int round = 0; round < 200; ++round) {
    const front::Pattern pattern = pattern_of(generate.branches(2).c_str());
    const auto compiled = match::compile_pcre2(pattern.text, {});
    if (!compiled) continue;
    Engine engine{*compiled, {}};
    const SubjectOptions options{static_cast<std::uint64_t>(round), 24, 200};
    const Subjects found = subjects_by_kind(Dialect::pcre, pattern, options);
    expect_bounded(found.matching, options, pattern.text);
    expect_bounded(found.near, options, pattern.text);
    texts += found.matching.size();
    matching += engine.count(found.matching);
    near += found.near.size();
    missing += found.near.size() - engine.count(found.near);
  }
  EXPECT_GT(matching * 2, texts) << matching << " of " << texts;  // many patterns match nothing
  EXPECT_GT(missing * 5, near) << missing << " of " << near;
}

}  // namespace
}  // namespace headgate::analyse
