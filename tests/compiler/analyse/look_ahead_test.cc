// Which look-aheads are spelled away, and that the texts that match stay the same.
#include "compiler/analyse/look_ahead.h"

#include <gtest/gtest.h>

#include "compiler/analyse/scan_text.h"
#include "compiler/front/flags.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/scratch.h"
#include "tests/compiler/analyse/random_patterns.h"

namespace headgate::analyse {
namespace {

// The spelling for Hyperscan, "~" before one that is wider than the pattern.
std::string spelled(const std::string& pattern) {
  front::Flags flags;
  flags.caseless = false;
  const auto text = scan_text(without_look_aheads(*parse_pcre(pattern, flags)), Subject::text);
  if (!text) return text.error();
  return (text->widened.empty() ? "" : "~") + text->text;
}

bool is_gone(const std::string& pattern) { return spelled(pattern)[0] != '~'; }

TEST(WithoutLookAheads, WhereEverythingIsDecided) {
  struct Row {
    const char* pattern;
    bool gone;
  };

  const Row rows[] = {
      {"(?!FONT|font)[Ff][Oo][Nn][Tt]", true},
      {"x(?!ab)[ab]{2}y", true},
      {"((?!a)[ab])+c", true},
      {"(?!a|b)(?:a|b|c)d", true},
      {"(?!abc)[ab]d", true},    // ab is open, abd is not
      {"(?!abc)[ab]+d", false},  // too many texts
      {"(?!abc)ab", false},      // what comes behind is not known
      {"(?!a*)[ab]", false},     // bars anything
      {"(?!a)a", false},         // never matches
      {"(?!a).b", false},        // too many texts
      {"(?!a)\\b[ab]", false},   // depends on what stands around
      {"(?=a)[ab]", false},
      {"(?<!a)[ab]", false},
  };
  for (const Row& row : rows) EXPECT_EQ(is_gone(row.pattern), row.gone) << row.pattern;
}

TEST(WithoutLookAheads, SpellsWhatIsLeft) {
  EXPECT_EQ(spelled("(?!ab)[ab][bc]"), spelled("(?:ac|bb|bc)"));
  EXPECT_EQ(spelled("(?!ab)[ac]b"), spelled("cb"));
}

// The tree that is left, as a pattern, matches what the pattern matches.
TEST(WithoutLookAheads, MatchesTheSameTexts) {
  RandomPatterns generate(23);
  match::Scratch scratch;
  int compared = 0;
  for (int round = 0; round < 8'000; ++round) {
    const std::string ahead = generate.branches(0);
    const std::string pattern = "(?!" + ahead + ")(?:[ab]|x)[abc]" + generate.branches(1);
    const Parsed tree = parse_pcre(pattern, front::Flags{});
    const auto engine = match::compile_pcre2(pattern, {});
    if (!tree || !engine) continue;
    const auto text = scan_text(without_look_aheads(*tree), Subject::text);
    if (!text || !text->widened.empty()) continue;
    match::Pcre2Options options;
    options.caseless = text->caseless;
    options.dotall = true;
    const auto same = match::compile_pcre2(text->text, options);
    ASSERT_TRUE(same) << text->text;
    for (int i = 0; i < 12; ++i) {
      const std::string subject = generate.text();
      ++compared;
      EXPECT_EQ((*engine)->test(subject, scratch, nullptr).answer,
                (*same)->test(subject, scratch, nullptr).answer)
          << pattern << " and " << text->text << " on " << subject;
    }
  }
  EXPECT_GT(compared, 1'000);
}

}  // namespace
}  // namespace headgate::analyse
