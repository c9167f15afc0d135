// What a text must have for a pattern to match, and how far PCRE2 is trusted to say "no" where it lacks that.
#include "compiler/analyse/needs.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "compiler/analyse/effort.h"
#include "compiler/analyse/look_ahead.h"
#include "engine/base/text.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/scratch.h"

namespace headgate::analyse {
namespace {

constexpr std::uint64_t kLimit = 10'000'000;

Needs needs(const std::string& pattern, std::uint64_t limit = kLimit) {
  const Parsed tree = parse_pcre(pattern, front::Flags{});
  return tree ? needs_of(*tree, without_look_aheads(*tree), limit) : Needs{};
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
  return all;
}

TEST(Needs, HeaderNames) {
  struct Row {
    const char* pattern;
    const char* names;
    bool only;
  };

  const Row rows[] = {
      {"^Subject:", "subject", true},
      {"\\ASUBJECT:", "subject", true},
      {"^(From|To|Cc):", "cc from to", true},
      {"(^From:|^To:)", "from to", true},
      {"^Subject: x", "subject", false},
      {"^X-(Foo|Bar): .*free", "x-bar x-foo", false},
      {"^Subject ?:", "subject subject ", true},
      // A test of what stands around says more than the name.
      {"^Subject:$", "subject", false},
      {"^Subject:\\Z", "subject", false},
      {"^Subject:\\b", "subject", false},
      {"^Subject:(?= x)", "subject", false},
      {"^Subject:(?! x)", "subject", false},
      {"^(?<!x)Subject:", "subject", false},
      {"^(?>Subject:|Sub:)", "sub subject", false},
      {"^(?-i)Subject:", "subject", false},
      {"^(?-i:S)ubject:", "subject", false},
      // A line of the text may begin later than the text.
      {"^x\\n(?m)^y:", "x\ny", false},
      {"^Subject:(a+)+$", "subject", false},
      {"^(?!ab)Subject:", "subject", false},
      // Of other texts PCRE2 tries much before it knows the name.
      {"^(?=.(a+)+b)From:", "", false},
      {"^(?!.*x)From:", "", false},
      {"^x(?:a|a){14}(?:a|a){14}:", "", false},
      // Any text.
      {"Subject:", "", false},
      {"(?m)^Subject:", "", false},
      {"^Subject", "", false},
      {"^Subject\\s*:", "", false},
      {"^.*:", "", false},
      {"^:", "", false},
      {"^From:|To:", "", false},
      {"(?:^Subject:)?x", "", false},
      {"^*Subject:", "", false},
  };
  for (const Row& row : rows) {
    const Needs found = needs(row.pattern);
    EXPECT_TRUE(found.known) << row.pattern;
    EXPECT_EQ(joined(found.header_names), row.names) << row.pattern;
    EXPECT_EQ(found.only_name, row.only) << row.pattern;
  }
}

TEST(Needs, LeastBytes) {
  struct Row {
    const char* pattern;
    std::size_t bytes;
  };

  const Row rows[] = {
      {"abc", 3},       {"a|bc", 1}, {"(ab){3}", 6}, {"a?b*c+", 1},   {"(?=abc)d", 1},
      {"(a)\\1\\1", 1}, {"^$", 0},   {"(?>ab)c", 3}, {"x{900}", 900}, {"(a{1000}){60}", 60000}};
  for (const Row& row : rows) EXPECT_EQ(needs(row.pattern).least_bytes, row.bytes) << row.pattern;
}

TEST(Needs, Bytes) {
  const Needs found = needs("(?:a|[bc])+.[^\\n]x?(?-i:Y)");
  ASSERT_EQ(found.bytes.size(), 3U);
  EXPECT_EQ(found.bytes[0].any_of, fold_case(range('a', 'c')));
  EXPECT_EQ(found.bytes[1].any_of, ~single('\n'));
  EXPECT_EQ(found.bytes[2].any_of, single('Y'));
  EXPECT_TRUE(needs("(?:a|)b?(?=c)").bytes.empty());
}

TEST(Needs, NothingIsKnownOfWhatCannotBeRead) { EXPECT_FALSE(needs("(?R)?abc").known); }

// `(?:foox)*` matches, empty, in a text without foox: what follows it is tried.
TEST(Needs, AnOptionalPartThatCannotMatchIsNoObstacle) {
  const std::string pattern = "(?:foox)*a*a*a*a*foox";
  const auto limited = match::compile_pcre2("(*LIMIT_MATCH=1000)" + pattern, {});
  match::Scratch scratch;
  bool seen = false;
  for (const NeededLiterals& needed : needs(pattern, 1000).literals) {
    if (needed.any_of != Clause{Literal{"foox", true}}) continue;
    seen = true;
    const std::size_t bytes = std::min<std::size_t>(needed.trusted_bytes, 1'000);
    if (bytes == 0) continue;
    const std::string text = std::string(bytes - 1, 'a') + "x";
    EXPECT_EQ((*limited)->test(text, scratch, nullptr).answer, match::Answer::no) << bytes;
  }
  EXPECT_TRUE(seen);
}

TEST(Needs, WhatTheTextLacksBoundsTheEffort) {
  const Needs found = needs("foo.*bar.*baz.*qux");
  EXPECT_LT(found.trusted_bytes, 1'000U);
  ASSERT_FALSE(found.literals.empty());
  for (const NeededLiterals& needed : found.literals) {
    if (needed.any_of.front().bytes != "foo") continue;
    EXPECT_EQ(needed.trusted_bytes, kUnlimited);
  }
}

// Random patterns and texts with a lowered limit: where a text lacks a need and is not longer than trusted, PCRE2 says no.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::string branches(int depth) {
    std::string pattern = row(depth);
    for (int more = pick(5) < 2 ? 1 + pick(2) : 0; more > 0; --more)
      pattern += "|" + row(depth - 1);
    return pattern;
  }

  std::string text(std::size_t bytes) {
    static constexpr const char* kUnits[] = {"a", "b", "ab", "c", "abc", "ca", "aab", "bc"};
    const std::string unit = kUnits[pick(8)];
    const int mixed = pick(3);
    std::string text;
    while (text.size() < bytes) text += mixed == 0 || pick(4 * mixed) > 1 ? unit : kUnits[pick(8)];
    text.resize(bytes);
    return text;
  }

 private:
  std::string row(int depth) {
    static constexpr const char* kAtoms[] = {"a", "b",    "c",      "[ab]",
                                             ".", "[^a]", "(?:ab)", "(?:ca)"};
    static constexpr const char* kGroups[] = {"(", "(?:", "(?>", "(?=", "(?!"};
    static constexpr const char* kZero[] = {"\\b", "^", "$"};
    static constexpr const char* kRepeats[] = {"",      "",       "",      "*",     "+",    "?",
                                               "{2,5}", "{0,40}", "{20,}", "{0,3}", "{18}", "++"};
    std::string pattern;
    for (int items = 1 + pick(4); items > 0; --items) {
      const int kind = pick(depth > 0 ? 16 : 11);
      if (kind < 8)
        pattern += std::string(kAtoms[kind]) + kRepeats[pick(12)];
      else if (kind < 11)
        pattern += kZero[kind - 8];
      else
        pattern +=
            kGroups[kind - 11] + branches(depth - 1) + ")" + (kind < 14 ? kRepeats[pick(12)] : "");
    }
    return pattern;
  }

  std::mt19937 random_;
};

bool holds_one(const std::string& text, const Clause& clause) {
  const std::string folded = text::lower(text);
  return std::any_of(clause.begin(), clause.end(), [&](const Literal& literal) {
    return (literal.caseless ? folded : text).find(literal.bytes) != std::string::npos;
  });
}

TEST(Needs, ATextThatLacksOneIsNoMatch) {
  Generator generate(4);
  match::Scratch scratch;
  int lacking = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string pattern = generate.branches(2);
    const std::uint64_t limit = std::uint64_t{20} << generate.pick(12);
    const Needs found = needs(pattern, limit);
    const auto limited =
        match::compile_pcre2("(*LIMIT_MATCH=" + std::to_string(limit) + ")" + pattern, {});
    if (!found.known || !limited) continue;
    const auto check = [&](std::size_t trusted, const char* what, const auto& has) {
      for (int i = 0; i < 6; ++i) {
        const std::size_t most = std::min<std::size_t>(trusted, 100);
        const std::string text = generate.text(i == 0 ? most : most * static_cast<unsigned>(i) / 5);
        if (text.size() > trusted || has(text)) continue;
        ++lacking;
        ASSERT_EQ((*limited)->test(text, scratch, nullptr).answer, match::Answer::no)
            << what << " " << pattern << " on " << text << " limit " << limit;
      }
    };
    for (const NeededLiterals& needed : found.literals) {
      check(needed.trusted_bytes, "literal",
            [&](const std::string& text) { return holds_one(text, needed.any_of); });
    }
    for (const NeededByte& needed : found.bytes) {
      check(needed.trusted_bytes, "byte", [&](const std::string& text) {
        return std::any_of(text.begin(), text.end(), [&](char c) {
          return needed.any_of.test(static_cast<unsigned char>(c));
        });
      });
    }
    check(found.trusted_bytes, "length",
          [&](const std::string& text) { return text.size() >= found.least_bytes; });
  }
  EXPECT_GT(lacking, 5000);
}

}  // namespace
}  // namespace headgate::analyse
