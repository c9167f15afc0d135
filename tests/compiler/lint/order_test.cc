// Rules that never win, by proof: for random tables and texts near their patterns, a rule of which the linter says so never
// wins by the reference engines.
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "compiler/back/lower.h"
#include "compiler/front/rule_file.h"
#include "engine/base/text.h"
#include "engine/rules/evaluate.h"
#include "engine/rules/truth.h"
#include "tests/compiler/lint/findings_of.h"

namespace headgate::lint {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

const std::string& one_of(Random& random, const std::vector<std::string>& choices) {
  return choices[below(random, choices.size())];
}

// Short patterns over few letters, so that they often have to do with one another.
std::string atom(Random& random, bool pcre) {
  static const std::vector<std::string> kBoth = {"a", "b", "ab",   "ba",   "a",     "b",
                                                 "c", ".", "[ab]", "[^a]", "(a|b)", "(ab|c)"};
  static const std::vector<std::string> kPcre = {"\\b",    "(?=a)",       "(?!b)",  "\\w",
                                                 "(?:ab)", "[[:alpha:]]", "(a)\\1", "a++",
                                                 "(?i)a",  "\\s",         "\\n"};
  return pcre && below(random, 4) == 0 ? one_of(random, kPcre) : one_of(random, kBoth);
}

std::string random_pattern(Random& random, bool pcre) {
  std::string text = below(random, 3) == 0 ? "^" : "";
  const std::size_t atoms = 1 + below(random, 4);
  for (std::size_t i = 0; i < atoms; ++i) {
    const std::string next = atom(random, pcre);
    text += next;
    const bool repeats = text::is_alnum(next.back()) || next.back() == ')' || next.back() == ']' ||
                         next.back() == '.';
    if (repeats && next.find("\\") == std::string::npos && next.find('?') == std::string::npos &&
        below(random, 4) == 0)
      text += one_of(random, {"*", "+", "?", "{2}", "{1,3}"});
    if (below(random, 12) == 0) text += "|";
  }
  if (below(random, 4) == 0) text += "$";
  return text;
}

std::string random_table(Random& random, bool pcre) {
  std::string text;
  int open = 0;
  const std::size_t lines = 4 + below(random, 9);
  for (std::size_t i = 0; i < lines; ++i) {
    if (open > 0 && below(random, 4) == 0) {
      text += "endif\n";
      --open;
      continue;
    }
    const std::string sense = below(random, 5) == 0 ? "!" : "";
    const std::string flags =
        one_of(random, {"", "", "", "", "i", "m", pcre ? "s" : "m", pcre ? "A" : ""});
    const std::string body = sense + "/" + random_pattern(random, pcre) + "/" + flags;
    if (open < 2 && below(random, 4) == 0) {
      text += "if " + body + "\n";
      ++open;
    } else {
      text += body + " " + one_of(random, {"REJECT", "DUNNO"}) + "\n";
    }
  }
  while (open-- > 0) text += "endif\n";
  return text;
}

std::string random_text(Random& random) {
  std::string text;
  const std::size_t size = 1 + below(random, 9);
  for (std::size_t i = 0; i < size; ++i) text += "abcABC \nx"[below(random, i + 1 == size ? 6 : 9)];
  return text;
}

// Lines whose rules won for one of the texts.
std::set<int> winners(front::Dialect dialect, const std::string& text,
                      const std::vector<std::string>& subjects) {
  back::PatternSet patterns(dialect, false, "");
  patterns.try_ahead(text, "t", "t");
  const front::RuleFile file =
      front::parse_rules(dialect, text, "t", "t", patterns, [](const Diagnostic&) {});
  const rules::Program program(
      back::lower(dialect, "t", file, patterns.patterns(), back::Subset::all).parts);
  rules::Truth truth(program, rules::Path::confirm_only);
  std::set<int> lines;
  for (const std::string& subject : subjects) {
    const auto hit = rules::evaluate(program, truth, subject, [](const Diagnostic&) {});
    if (hit) lines.insert(hit->rule->line);
  }
  return lines;
}

bool says_never(const rules::Finding& finding) {
  static const std::set<std::string> kIds = {"duplicate-rule",  "duplicate-pattern",
                                             "shadowed-rule",   "unreachable-rule",
                                             "impossible-rule", "impossible-pattern"};
  return kIds.contains(finding.id);
}

void check_claims(front::Dialect dialect, unsigned seed, int tables, std::size_t* claims) {
  Random random(seed);
  std::vector<std::string> subjects;
  for (const char a : std::string("abcAB \nx"))
    for (const char b : std::string("abcA \n"))
      for (const char c : std::string("abBx")) subjects.push_back({a, b, c});
  for (const char a : std::string("abcABCx ")) subjects.emplace_back(1, a);
  for (int i = 0; i < 400; ++i) subjects.push_back(random_text(random));
  for (int i = 0; i < tables; ++i) {
    const std::string text = random_table(random, dialect == front::Dialect::pcre);
    const auto findings = findings_of(dialect, text, Running::no);
    const auto won = winners(dialect, text, subjects);
    for (const rules::Finding& finding : findings) {
      if (!says_never(finding)) continue;
      ++*claims;
      ASSERT_FALSE(won.contains(finding.line))
          << "line " << finding.line << " wins, but: " << finding.id << ", " << finding.what << "\n"
          << text;
    }
  }
}

TEST(Order, NoRuleWinsThatIsSaidNeverToInPcre) {
  std::size_t claims = 0;
  check_claims(front::Dialect::pcre, 1, 1'500, &claims);
  EXPECT_GT(claims, 1'000U);
}

TEST(Order, NoRuleWinsThatIsSaidNeverToInRegexp) {
  std::size_t claims = 0;
  check_claims(front::Dialect::regexp, 2, 1'500, &claims);
  EXPECT_GT(claims, 1'000U);
}

// Of the rules of such tables that no text lets win, most are known: the lint is not silent either.
TEST(Order, FindsMostOfWhatThereIs) {
  Random random(3);
  std::vector<std::string> subjects;
  for (int i = 0; i < 20'000; ++i) subjects.push_back(random_text(random));
  std::size_t silent = 0, found = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string text = random_table(random, false);
    const auto won = winners(front::Dialect::regexp, text, subjects);
    std::set<int> said;
    for (const rules::Finding& finding : findings_of(front::Dialect::regexp, text, Running::no))
      if (says_never(finding)) said.insert(finding.line);
    found += said.size();
    silent += said.empty() ? 1 : 0;
  }
  EXPECT_GT(found, 60U);
  EXPECT_LT(silent, 40U);
}

}  // namespace
}  // namespace headgate::lint
