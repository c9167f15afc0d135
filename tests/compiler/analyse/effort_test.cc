#include "compiler/analyse/effort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "compiler/analyse/needs.h"
#include "engine/base/text.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/scratch.h"

namespace headgate::analyse {
namespace {

constexpr std::uint64_t kLimit = 10'000'000;

std::size_t safe(const char* pattern) {
  const Parsed tree = parse_pcre(pattern, front::Flags{});
  return tree ? longest_safe_subject(*tree, kLimit) : 0;
}

TEST(Effort, StraightPatternsAreAlwaysSafe) {
  EXPECT_EQ(safe("^Subject: viagra"), kUnlimited);
  EXPECT_EQ(safe("(foo|bar)(baz)?"), kUnlimited);
}

TEST(Effort, OneRunIsLinearTwoAreQuadratic) {
  EXPECT_GT(safe("^Subject:.*foo"), 1'000'000U);
  EXPECT_GT(safe("^Subject:.*foo.*bar"), 2'048U);
  EXPECT_LT(safe("^Subject:.*foo.*bar"), 10'000U);
  EXPECT_LT(safe("a.*b.*c.*d"), safe("a.*b.*c"));
}

TEST(Effort, NestedRepeatsExplodeUnlessTheyHaveOneWay) {
  EXPECT_EQ(safe("(a+)+$"), 0U);
  EXPECT_EQ(safe("(a|ab|b)*c"), 0U);
  EXPECT_EQ(safe("(?:.*x)*y"), 0U);
  EXPECT_GT(safe("([a-z]+\\.)+com"), 1'000U);
  EXPECT_GT(safe("(foo|bar)+x"), 1'000U);
  EXPECT_GT(safe("(?>a+)+$"), 1'000U);
}

// Each part was measured once for each part around it, and again for those: three times as long with each level.
TEST(Effort, RoundsOfOneWayShareTheText) {
  EXPECT_GT(safe("(?:<[^>]*>)*x"), 100'000U);
  EXPECT_GT(safe("(<[^>]*>)*x"), 100'000U);
  EXPECT_GT(safe("(?:[^<]{0,1024}<(?!/a)[^>]{1,1024}>){0,99}"), 100'000U);
  // Not where a round may look further than it takes.
  EXPECT_LT(safe("(?:<(?=.*y)[^>]*>)*x"), 10'000U);
  EXPECT_LT(safe("(?:<[^>]*)*x"), 10'000U);
}

TEST(Effort, DeepNestsAreMeasuredPartByPart) {
  std::string pattern = "a";
  for (int level = 0; level < 60; ++level) pattern = "(" + pattern + "b)*";
  EXPECT_EQ(safe(pattern.c_str()), 0U);
}

TEST(Effort, WithoutALimitNothingIsTooLong) {
  EXPECT_EQ(longest_safe_subject(*parse_pcre("(a+)+", front::Flags{}), 0), kUnlimited);
}

std::string forty_branches() {
  std::string branches = "(?:cc";
  for (char c = 'd'; c <= 'w'; ++c) branches += std::string("|c") + c + "|" + c + "c";
  return branches + ")";
}

// a|aXa|aXaXa|…
std::string branches_of_one_another(int count) {
  std::string branches = "a", last = "a";
  for (; count > 1; --count) branches += "|" + (last += "Xa");
  return "(?:" + branches + ")";
}

// Of so many bytes: `head`, then `unit` again and again, then `tail`.
std::string subject_of(std::size_t bytes, const std::string& head, const char* unit,
                       const std::string& tail) {
  std::string subject = head;
  while (subject.size() < bytes) subject += unit;
  if (bytes > tail.size()) subject.replace(bytes - tail.size(), std::string::npos, tail);
  subject.resize(bytes);
  return subject;
}

bool has_one_of(const std::string& subject, const Clause& clause) {
  const std::string folded = text::lower(subject);
  return std::any_of(clause.begin(), clause.end(), [&](const Literal& literal) {
    return folded.find(text::lower(literal.bytes)) != std::string::npos;
  });
}

// Patterns that were once believed further than PCRE2 goes, or subjects that lack one of their literals.
TEST(Effort, WhatIsTriedAtEachPlaceCounts) {
  struct Row {
    std::string pattern;
    const char *unit, *tail;
    std::string head{};
  };

  const Row rows[] = {
      {"(?:ab)*(?=.*x)c", "ab", "zc"},  // a look at each place where a round ends
      {"[ab]*(?=.*x)c", "a", "zc"},
      {"[ab]*(?!.*xy)\\b\\B", "a", ""},
      {"(?:ab)*" + forty_branches() + "q", "ab", "zq"},  // so with branches, all in vain
      {"(?:ab)*" + forty_branches() + "?" + forty_branches() + "?q", "ab", "zq"},
      {"(?:(?:ab)*" + forty_branches() + "q)+y", "ab", "zqy"},
      {"a*a*(?:x*+){3000}b", "a", "zb"},  // rounds that take no byte
      {"a*a*(?:x*+){0,3000}y", "a", "zy"},
      {"a*a*(?:(?=a)){2000}y", "a", "zy"},
      {"(?m)(?:a\\n^b|a\\n|b)*c", "a\nb",
       "1c"},  // branches that begin alike, a line's beginning inside
      // Rounds that end in vain, each of them at a dear beginning of another one.
      {"(?:(?=.*q)x.*yy){2}", "y", "", "xq"},
      {"(?:(?=.*q)x.*yy){2,40}", "y", "", "xq"},
      {"(?:(?=.*q)x.*yy)*z", "y", "", "xq"},
      {"^.*" + branches_of_one_another(16) + "{2}Z", "aX", "XXZ"},
      {"^.*" + branches_of_one_another(60) + "{2}Z", "aX", "XXZ"},
  };
  match::Scratch scratch;
  for (const Row& row : rows) {
    const Parsed tree = parse_pcre(row.pattern, front::Flags{});
    ASSERT_TRUE(tree) << row.pattern;
    for (const std::uint64_t limit : {500U, 1'000U, 10'000U, 100'000U}) {
      const auto limited = match::compile_pcre2(
          "(*NO_START_OPT)(*LIMIT_MATCH=" + std::to_string(limit) + ")" + row.pattern, {});
      ASSERT_TRUE(limited) << row.pattern;
      const auto expect_safe = [&](std::size_t bytes, const Clause& lacked) {
        bytes = std::min<std::size_t>(bytes, 20'000);
        const std::string subject = subject_of(bytes, row.head, row.unit, row.tail);
        if (bytes == 0 || has_one_of(subject, lacked)) return;
        EXPECT_NE((*limited)->test(subject, scratch, nullptr).answer, match::Answer::failed)
            << row.pattern << " limit " << limit << " bytes " << bytes;
      };
      const Needs needs = needs_of(*tree, *tree, limit);
      expect_safe(needs.trusted_bytes, {});
      for (const NeededLiterals& needed : needs.literals)
        expect_safe(needed.trusted_bytes, needed.any_of);
    }
  }
}

// A random pattern over two letters, hungry for backtracking.
std::string random_pattern(std::mt19937& random, int depth) {
  const auto pick = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  std::string pattern;
  for (int items = 1 + pick(3); items > 0; --items) {
    static constexpr const char* kAtoms[] = {"a", "b", ".", "[ab]", "[^a]", "\\b", "^", "$"};
    const int kind = depth > 0 ? pick(12) : pick(8);
    std::string item;
    if (kind < 8)
      item = kAtoms[kind];
    else if (kind == 8)
      item =
          "(" + random_pattern(random, depth - 1) + "|" + random_pattern(random, depth - 1) + ")";
    else if (kind == 9)
      item = "(?:" + random_pattern(random, depth - 1) + ")";
    else if (kind == 10)
      item = "(?>" + random_pattern(random, depth - 1) + ")";
    else
      item = "(?=" + random_pattern(random, depth - 1) + ")";
    static constexpr const char* kRepeats[] = {"",      "",   "*",    "+",  "?",
                                               "{2,5}", "*?", "{3,}", "++", "{0,40}"};
    if (kind < 5 || kind > 7) item += kRepeats[pick(10)];
    pattern += item;
  }
  return pattern;
}

// The promise itself: on a subject that is called safe PCRE2 never reaches the limit. Small limits make short subjects
// tell; what is believed must hold for every one of them.
TEST(Effort, Pcre2KeepsTheBound) {
  std::mt19937 random(20240611);
  match::Scratch scratch;
  int believed = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::string pattern = random_pattern(random, 2);
    const Parsed tree = parse_pcre(pattern, front::Flags{});
    if (!tree) continue;
    const std::uint64_t limit = std::uint64_t{20} << (random() % 8);
    const std::size_t longest = std::min<std::size_t>(longest_safe_subject(*tree, limit), 60);
    const auto limited = match::compile_pcre2(
        "(*NO_START_OPT)(*LIMIT_MATCH=" + std::to_string(limit) + ")" + pattern, {});
    if (longest == 0 || !limited) continue;
    ++believed;
    for (int i = 0; i < 6; ++i) {
      std::string subject;
      for (std::size_t n = 0; n < longest; ++n) subject += i == 0 || random() % 5 != 0 ? 'a' : 'b';
      EXPECT_NE((*limited)->test(subject, scratch, nullptr).answer, match::Answer::failed)
          << pattern << " on " << subject << " limit " << limit;
    }
  }
  EXPECT_GT(believed, 1000);
}

// Rounds of a group: where they begin and how they end decides what they cost.
std::string random_rounds(std::mt19937& random) {
  const auto any_of = [&random](const auto&... choices) {
    const std::array<std::string, sizeof...(choices)> all = {choices...};
    return all[random() % all.size()];
  };
  const auto literal = [&] {
    std::string text;
    for (auto bytes = random() % 4; bytes > 0; --bytes) text += any_of("a", "b", "x", "y", "q");
    return text;
  };
  const auto round = [&] {
    std::string text = any_of("", "(?=.*q)", "(?=[^q]*q)", "(?!.*xyx)") + literal();
    for (auto runs = 1 + random() % 2; runs > 0; --runs)
      text +=
          any_of(".*", "[ab]*", "[^q]*", "[^x]*x", "[^y]+y", "y*", ".{0,9}", ".{0,40}") + literal();
    return text;
  };
  std::string group = round();
  for (auto more = random() % 5; more > 2; --more) group += "|" + round();
  return any_of("", "", "x", ".*") + "(?:" + group + ")" +
         any_of("{2}", "{2}", "{2,3}", "{2,40}", "{0,99}", "*") + literal();
}

// The other way round: where PCRE2 reaches the limit, no claim that its needs make is believed.
TEST(Effort, NoNeedIsBelievedWherePcre2ReachesTheLimit) {
  std::mt19937 random(20261130);
  match::Scratch scratch;
  int reached = 0;
  for (int round = 0; round < 2500; ++round) {
    const std::string pattern = random_rounds(random);
    const Parsed tree = parse_pcre(pattern, front::Flags{});
    ASSERT_TRUE(tree) << pattern;
    const std::uint64_t limit = std::uint64_t{400} << (random() % 4);
    const Needs needs = needs_of(*tree, *tree, limit);
    const auto limited = match::compile_pcre2(
        "(*NO_START_OPT)(*LIMIT_MATCH=" + std::to_string(limit) + ")" + pattern, {});
    ASSERT_TRUE(limited) << pattern;
    for (int i = 0; i < 25; ++i) {
      const auto some = [&random](unsigned least, unsigned most) {
        std::string text;
        for (auto bytes = least + random() % (most - least + 1); bytes > 0; --bytes)
          text += "abxyq"[random() % 5];
        return text;
      };
      const std::string unit = some(1, i % 2 == 0 ? 1 : 3);
      const std::string subject =
          subject_of(20 + random() % 400, some(0, 6), unit.c_str(), some(0, 3));
      if ((*limited)->test(subject, scratch, nullptr).answer != match::Answer::failed) continue;
      ++reached;
      const std::string what = pattern + " on " + subject + " limit " + std::to_string(limit);
      EXPECT_GT(subject.size(), needs.trusted_bytes) << what;
      for (const NeededLiterals& needed : needs.literals) {
        if (has_one_of(subject, needed.any_of)) continue;
        EXPECT_GT(subject.size(), needed.trusted_bytes)
            << what << " lacks " << needed.any_of.front().bytes;
      }
    }
  }
  EXPECT_GT(reached, 1000);
}

}  // namespace
}  // namespace headgate::analyse
