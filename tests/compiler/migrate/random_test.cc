// Random patterns, fixed seed: what translate_pattern gives matches the same short texts as regexec's original, and where it has
// no doubt of the captures they are the same too. HEADGATE_MIGRATE_PATTERNS=N tries more than the suite does.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "tests/compiler/migrate/both_engines.h"

namespace headgate::migrate {
namespace {

class Generator {
 public:
  Generator(std::mt19937& random, bool basic) : random_(random), basic_(basic) {}

  std::string run() { return alternatives(0); }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }

  std::string op(const char* c) { return basic_ ? std::string("\\") + c : c; }

  std::string alternatives(int depth) {
    std::string out = sequence(depth);
    for (std::size_t n = below(5) == 0 ? 1 + below(2) : 0; n > 0; --n)
      out += op("|") + sequence(depth);
    return out;
  }

  std::string sequence(int depth) {
    std::string out;
    for (std::size_t n = below(4); n > 0 || (depth == 0 && out.empty()); n -= n > 0 ? 1 : 0)
      out += item(depth);
    return out;
  }

  std::string item(int depth) {
    static const char* const kAtoms[] = {
        "a",   "b",   "A",   "-",   ".",   "[ab]", "[^a]", "[]b]",  "[[:upper:]]", "[A-b]", "[b-]",
        "\\w", "\\W", "\\s", "\\S", "\\d", "\\D",  "\\.",  "[\\n]", "[[=a=]-]",    "\\-",   "]"};
    static const char* const kAnchors[] = {"^", "$", "\\b", "\\B", "\\<", "\\>", "\\`", "\\'"};
    if (below(8) == 0) return kAnchors[below(std::size(kAnchors))];
    std::string atom;
    if (depth < 3 && below(5) == 0)
      atom = op("(") + alternatives(depth + 1) + op(")");
    else
      atom = kAtoms[below(std::size(kAtoms))];
    for (std::size_t n = below(10) < 4 ? (below(8) == 0 ? 2 : 1) : 0; n > 0; --n) {
      static const char* const kIntervals[] = {"2", "1,2", ",2", "0,1", "1,", "0"};
      const auto kind = below(6);
      if (kind < 2)
        atom += "*";
      else if (kind == 2)
        atom += op("+");
      else if (kind == 3)
        atom += op("?");
      else
        atom += op("{") + kIntervals[below(std::size(kIntervals))] + op("}");
    }
    return atom;
  }

  std::mt19937& random_;
  bool basic_;
};

TEST(RandomPatterns, MatchTheSame) {
  std::mt19937 random(20260817);
  const char* const wanted = std::getenv("HEADGATE_MIGRATE_PATTERNS");
  const int patterns = wanted != nullptr ? std::atoi(wanted) : 1500;
  const auto texts = short_texts("aAb-\n", 4);
  static const char* const kLetters[] = {"", "i", "m", "im", "x", "ix", "mx", "imx"};
  int tried = 0, left = 0, doubtful = 0, undoubted = 0, doubted = 0;
  for (int i = 0; i < patterns; ++i) {
    front::Pattern pattern;
    pattern.flags = regexp_flags(kLetters[random() % 8]);
    pattern.text = Generator(random, pattern.flags.basic).run();
    const auto plain = compile_old(pattern.text, pattern.flags, 0);
    if (!plain) continue;  // regcomp refuses it: no rule has it
    ++tried;
    const std::size_t groups = (*plain)->group_count();
    const auto translated = translate_pattern(pattern, groups, 10'000'000);
    if (!translated) {
      ++left;
      continue;
    }
    const auto new_engine =
        match::compile_pcre2(translated->text, pcre2_options_of(translated->flags));
    ASSERT_TRUE(new_engine) << translated->text << ": " << new_engine.error().text;
    ASSERT_EQ(groups, (*new_engine)->group_count()) << pattern.text;
    if (!translated->match_doubt.empty()) {
      ++doubtful;
      continue;
    }
    Difference d = first_difference(**plain, **new_engine, 0, texts);
    EXPECT_EQ("", d.text) << "/" << pattern.text << "/" << pattern.flags.letters << " and /"
                          << translated->text << "/" << translated->flags.letters << ": " << d.what;
    if (groups == 0) continue;
    const auto with_groups = compile_old(pattern.text, pattern.flags, groups);
    ASSERT_TRUE(with_groups);
    d = first_difference(**with_groups, **new_engine,
                         translated->captures_doubt.empty() ? groups : 0, texts);
    EXPECT_EQ("", d.text) << "/" << pattern.text << "/" << pattern.flags.letters << " and /"
                          << translated->text << "/" << translated->flags.letters << ": " << d.what;
    ++(translated->captures_doubt.empty() ? undoubted : doubted);
  }
  RecordProperty("tried", tried);
  RecordProperty("left", left);
  EXPECT_GT(tried, patterns / 2);
  EXPECT_LT(left + doubtful, tried / 4);
  EXPECT_GT(undoubted, 50 * patterns / 1500);
  std::printf("%d tried: %d left, %d in doubt; captures: %d without doubt, %d with\n", tried, left,
              doubtful, undoubted, doubted);
}

}  // namespace
}  // namespace headgate::migrate
