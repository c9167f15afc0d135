// Random tables in both dialects, random keys: the scan and the reference engines alone give the same answers. The fuzzer
// (tests/fuzz/table_text_fuzz.cc) looks further; this looks every time.
#include <algorithm>
#include <array>
#include <random>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/rules/evaluate.h"
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

  // As rules for headers and bodies look: names, words, digits, guards' own conditions.
  std::string mail_pattern(rules::Dialect dialect) {
    static constexpr const char* kNames[] = {
        "^Subject:",  "^From:", "^(From|To):", "^X-A:",   "Subject:",
        "^Subject:$", "^.*:",   "^Subject: ",  "^To: ab", "^(Subject: )"};
    static constexpr const char* kPcreNames[] = {"^Subject:(?= ?ab)", "^(?!From)",    "^To:(?! x)",
                                                 "(?<!: )ab",         "^x\\n(?m)^y:", "(?m)^From:"};
    static constexpr const char* kWords[] = {"free", "win|won",  "a1+b", "[0-9]{2}",
                                             " ?x",  "foo.*bar", "y:",   "(ab)+c",
                                             "!$",   "v[i1]agra"};
    std::string out;
    if (pick(3) != 0)
      out +=
          dialect == rules::Dialect::pcre && pick(3) == 0 ? kPcreNames[pick(6)] : kNames[pick(10)];
    for (int words = pick(4); words > 0; --words) {
      if (!out.empty() && pick(2) == 0) out += ".*";
      out += pick(6) == 0 ? pattern(dialect, 1) : "(" + std::string(kWords[pick(10)]) + ")";
    }
    return out.empty() ? "x$" : out;
  }

  std::string mail_key() {
    static constexpr const char* kNames[] = {
        "Subject:", "subject: ", "SUBJECT:x", "Subject : ", "From: ", "To:", "X-A: ", "x\ny:"};
    static constexpr const char* kWords[] = {"free",   "WON", "a11b", "42", " x", "foo",
                                             "bar",    "y:",  "abc",  "ab", "!",  "Foo",
                                             "v1agra", "7",   "a",    " "};
    std::string out;
    if (pick(3) != 0) out += kNames[pick(8)];
    for (int words = pick(6); words > 0; --words) out += kWords[pick(16)];
    if (pick(12) == 0) out += key();
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

// Rules, negated, with second patterns, in groups that may lack their endif.
void add_statements(Generator& generate, rules::Dialect dialect, int depth, std::string& text) {
  static constexpr const char* kFlags[] = {"", "", "", "i", "m", "im"};
  const auto pattern = [&] {
    return std::string(generate.pick(5) == 0 ? "!" : "") + "/" + generate.mail_pattern(dialect) +
           "/" + kFlags[generate.pick(6)];
  };
  for (int statements = 2 + generate.pick(5); statements > 0; --statements) {
    if (depth > 0 && generate.pick(3) == 0) {
      text += "if " + pattern() + "\n";
      add_statements(generate, dialect, depth - 1, text);
      if (generate.pick(12) != 0) text += "endif\n";
      continue;
    }
    text += pattern();
    if (dialect == rules::Dialect::regexp && generate.pick(4) == 0)
      text += "!/" + generate.mail_pattern(dialect) + "/";
    text += " R" + std::to_string(generate.pick(1000)) + "\n";
  }
}

struct Answer {
  int line = 0;  // 0: none
  std::string value;
  std::vector<std::string> warnings;

  bool operator==(const Answer&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  return out << "line " << answer.line << ": " << answer.value << ", " << answer.warnings.size()
             << " warnings";
}

Answer answer_of(const rules::Program& program, rules::Truth& truth) {
  Answer answer;
  const auto hit = rules::evaluate(program, truth, [&](const Diagnostic& diagnostic) {
    answer.warnings.push_back(diagnostic.text);
  });
  if (hit) answer.line = hit->rule->line, answer.value = hit->value;
  return answer;
}

// Each key without a newline that is not empty, as a line of one block.
void expect_in_block(const rules::Program& program, const std::vector<std::string>& keys,
                     const std::vector<Answer>& expected, bool last_ends) {
  std::string block;
  std::vector<std::pair<std::uint32_t, std::size_t>> lines;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty() || keys[i].find('\n') != std::string::npos) continue;
    lines.emplace_back(static_cast<std::uint32_t>(block.size()), i);
    block += keys[i] + "\n";
  }
  if (!last_ends && !block.empty()) block.pop_back();
  rules::Truth truth(program, rules::Path::scan);
  std::vector<std::uint32_t> touched;
  truth.scan_block(block, touched);
  for (const auto& [offset, i] : lines) {
    Answer answer;
    if (std::binary_search(touched.begin(), touched.end(), offset)) {
      truth.reset_to_line(offset, std::string_view(block).substr(offset, keys[i].size()));
      answer = answer_of(program, truth);
    }
    EXPECT_EQ(answer, expected[i]) << "in a block: " << keys[i];
  }
}

constexpr std::array kSwitches = {&back::Switches::literals, &back::Switches::gates,
                                  &back::Switches::names,    &back::Switches::also,
                                  &back::Switches::spelled,  &back::Switches::guards,
                                  &back::Switches::regexes,  &back::Switches::blocks,
                                  &back::Switches::rows,     &back::Switches::finders};

// With every optimisation, and with each but one, as texts and as lines: the answers of the reference engines alone.
void expect_every_way(rules::Dialect dialect, const std::string& text,
                      const std::vector<std::string>& keys,
                      std::size_t switched_off = kSwitches.size()) {
  std::vector<Answer> expected;
  for (std::size_t off = 0; off <= switched_off; ++off) {
    CompileOptions options;
    if (off > 0) options.switches.*kSwitches[off - 1] = false;
    const auto table = compile_text(dialect, "t", text, options);
    if (off == 0) {
      rules::Truth plain(*table.full, rules::Path::confirm_only);
      for (const std::string& key : keys) {
        plain.reset(key);
        expected.push_back(answer_of(*table.full, plain));
      }
    }
    SCOPED_TRACE("without optimisation " + std::to_string(off) + " of\n" + text);
    rules::Truth truth(*table.full, rules::Path::scan);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      truth.reset(keys[i]);
      EXPECT_EQ(answer_of(*table.full, truth), expected[i]) << keys[i];
    }
    expect_in_block(*table.full, keys, expected, off % 2 == 0);
  }
}

TEST(ScanAgrees, OnWholeTablesWithEachOptimisationOff) {
  Generator generate(11);
  for (int round = 0; round < 40 && !testing::Test::HasFailure(); ++round) {
    const auto dialect = round % 2 == 0 ? rules::Dialect::pcre : rules::Dialect::regexp;
    std::string text;
    add_statements(generate, dialect, 3, text);
    std::vector<std::string> keys = {"Subject: ab", "x\ny:", "From:", ""};
    for (int i = 0; i < 60; ++i) keys.push_back(generate.mail_key());
    expect_every_way(dialect, text, keys);
  }
}

// Keys on which PCRE2 runs into its match limit: Postfix warns at each test that it comes to, and takes it for false.
TEST(ScanAgrees, OnWarningsOfTheMatchLimit) {
  constexpr const char* kTables[] = {
      "if /(a+)+b/\n/free/ A\nendif\n/x/ B\n",
      "if !/(a+)+b/\n/free/ A\nendif\n!/(a+)+b/ B\n/(a+)+b/ C\n",
      "if /^Subject:/\n/(a+)+b/ A\nif /(a+)+b/\n/./ B\nendif\n!/x/ C\nendif\n/(a+)+b/ D\n",
      "if /^Subject: (a+)+b/\n/x/ A\nendif\nif /From/\n/(a+)+b/ B\nendif\n",
      "/^(?=.(a+)+b)From:/ A\nif /^(?!.(a+)+b)From:/\n/x/ B\nendif\n",
      "/^x(?:a|a){14}(?:a|a){14}:/ A\n",
      "/(?:foox)*(a*)(a*)(a*)(a*)foox/ A\nif /^(a|aa)+$/\n/nowhere/ B\nendif\n",
  };
  const std::string hostile(40, 'a');
  const std::vector<std::string> keys = {"x",
                                         "Subject: x",
                                         "free x",
                                         hostile + "xb free",
                                         "Subject: " + hostile + "x b",
                                         "f" + hostile + "c:FROMx",
                                         "x" + hostile.substr(12) + "c:"};
  for (const char* table : kTables) expect_every_way(rules::Dialect::pcre, table, keys, 0);
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
