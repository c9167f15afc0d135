// Random tables in both dialects, random keys: the scan and the reference engines alone give the same answers. The fuzzer
// (tests/fuzz/table_text_fuzz.cc) looks further; this looks every time.
#include <random>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/rules/program_lookup.h"

namespace headgate::compiler {
namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::string pattern(rules::Dialect dialect, int depth) {
    static constexpr const char* kCommon[] = {
        "ab", "B",           "c:", ".",   "[^b]", "[a-c]", "[[:alpha:]]", "^",
        "$",  "[[:space:]]", "x",  "\\w", "\\b",  "\\s",   "\\S",         "[^[:upper:]a]"};
    static constexpr const char* kPcre[] = {"\\d", "(?=a)",  "(?!b)",   "(?<=a)", "\\R",
                                            "\\h", "(?i:b)", "(?-i:A)", "\\x62",  "\\Z"};
    static constexpr const char* kPosix[] = {"\\<",   "\\>",   "\\`", "\\'", "\\W",
                                             "[0-z]", "[B-b]", "()",  "]",   "}"};
    static constexpr const char* kRepeats[] = {"",  "",    "",      "*",      "+",
                                               "?", "{2}", "{1,3}", "{0,300}"};
    std::string out;
    for (int items = 1 + pick(4); items > 0; --items) {
      const int kind = pick(depth > 0 ? 12 : 9);
      if (kind < 6)
        out += kCommon[pick(16)];
      else if (kind < 9)
        out += dialect == rules::Dialect::pcre ? kPcre[pick(10)] : kPosix[pick(10)];
      else
        out += "(" + pattern(dialect, depth - 1) +
               (pick(2) == 0 ? "|" + pattern(dialect, depth - 1) : "") + ")";
      out += kRepeats[pick(9)];
    }
    return out;
  }

  std::string key() {
    static constexpr const char* kPieces[] = {"ab", "AB", "c:", " ", "\n",   "x",    "b",
                                              "B",  "a",  "1",  "_", "\xe9", "\r\n", "]"};
    std::string out;
    for (int pieces = pick(9); pieces > 0; --pieces) out += kPieces[pick(14)];
    return out;
  }

 private:
  std::mt19937 random_;
};

std::string table_text(Generator& generate, rules::Dialect dialect) {
  static constexpr const char* kFlags[] = {"", "", "i", "m", "s", "E", "im"};
  std::string text;
  for (int rule = 0; rule < 12; ++rule) {
    const char* flags = kFlags[generate.pick(7)];
    if (dialect == rules::Dialect::regexp && (flags[0] == 's' || flags[0] == 'E')) flags = "m";
    text += std::string(generate.pick(6) == 0 ? "!" : "") + "/" + generate.pattern(dialect, 2) +
            "/" + flags + " R" + std::to_string(rule) + "\n";
  }
  return text;
}

// The answer of every pattern that is a rule's, whether or not a walk would reach it. `text/flags yes|no`.
std::vector<std::string> answers(const rules::Program& program, rules::Truth& truth,
                                 std::string_view key) {
  std::vector<std::string> all;
  truth.reset(key);
  for (std::uint32_t id = 0; id < program.patterns().size(); ++id) {
    if (program.patterns()[id].on_demand) continue;
    const rules::Opinion opinion = truth.opinion(id);
    const bool matches = opinion == rules::Opinion::ask ? truth.ask(id).answer == match::Answer::yes
                                                        : opinion == rules::Opinion::yes;
    all.push_back(program.patterns()[id].text + "/" + program.patterns()[id].flags +
                  (matches ? " yes" : " no"));
  }
  return all;
}

TEST(ScanAgrees, OnEveryPatternAndKey) {
  Generator generate(7);
  std::size_t scanned = 0;
  for (int round = 0; round < 40; ++round) {
    const auto dialect = round % 2 == 0 ? rules::Dialect::pcre : rules::Dialect::regexp;
    const std::string text = table_text(generate, dialect);
    const auto table = compile_text(dialect, "t", text, {});
    for (const auto& pattern : table.full->patterns()) {
      scanned += pattern.strategy == rules::Strategy::confirm_only ? 0U : 1U;
    }
    rules::Truth with_scan(*table.full, rules::Path::scan);
    rules::Truth without(*table.full, rules::Path::confirm_only);
    for (int i = 0; i < 60; ++i) {
      const std::string key = generate.key();
      ASSERT_EQ(answers(*table.full, with_scan, key), answers(*table.full, without, key)) << key;
    }
  }
  EXPECT_GT(scanned, 100U);
}

}  // namespace
}  // namespace headgate::compiler
