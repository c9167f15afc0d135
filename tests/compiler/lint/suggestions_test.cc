// Every line that is suggested opens without a warning of Postfix's and without the finding that it cures; whatever is damaged
// in a table, nothing crashes. Also over tables of this project, which have no errors.
#include <algorithm>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/compiler/lint/findings_of.h"

namespace headgate::lint {
namespace {

void check_suggestions(front::Dialect dialect, const std::string& text) {
  const auto report = lint_rules(dialect, text, Running::no);
  ASSERT_TRUE(report) << report.error().text();
  for (const rules::Finding& finding : report->findings) {
    EXPECT_GE(finding.line, 1) << finding.id;
    EXPECT_LE(finding.line, static_cast<int>(report->lines.size())) << finding.id;
    if (finding.suggestion.empty()) continue;
    EXPECT_EQ(finding.suggestion.find('\n'), std::string::npos);
    // In its place in the whole table.
    std::string cured;
    for (std::size_t i = 0; i < report->lines.size(); ++i)
      cured +=
          (static_cast<int>(i) + 1 == finding.line ? finding.suggestion : report->lines[i]) + "\n";
    const auto after = findings_of(dialect, cured, Running::no);
    EXPECT_TRUE(std::ranges::none_of(after,
                                     [&](const rules::Finding& again) {
                                       return again.line == finding.line && again.id == finding.id;
                                     }))
        << finding.id << ": " << finding.suggestion << "\n"
        << text;
  }
}

TEST(Suggestions, CureWhatTheyAreFor) {
  const char* const kLines[] = {"/low/cost dining/ REJECT a/b\n",
                                "/foo/REJECT no\n",
                                "/cash/ REJECT over $1000 and $0 ${x}\n",
                                "/foo bar REJECT\n",
                                "/a/ REJCT\n",
                                "/get $1000 now at example.com.*/i REJECT: $5\n",
                                "/^Received:.*a.example.com.*/ REJECT/i\n",
                                "/viarga*/ REJECT $1\n",
                                "/[\\w.]+\\d$/ REJECT\n",
                                "/(?:a|b) \\d/ REJECT\n",
                                "if /a/b/\n/x/ REJECT\nendif x\n",
                                "/ab/msi REJECT\n",
                                "/ab/XX REJECT\n"};
  for (const char* text : kLines) {
    check_suggestions(front::Dialect::pcre, text);
    check_suggestions(front::Dialect::regexp, text);
  }
}

TEST(Suggestions, NoDamageCrashes) {
  std::mt19937 random(7);
  const std::string table =
      "# a table\nif /^Subject:/\n/(free) money.*/i REJECT no $1\n  and more\nendif\n/example.com/ "
      "REJCT\n"
      "!/^(a+)b{2,3}[c-e]\\d/ HOLD ${1}\n/low/cost/ REJECT\n{{ x }} REJECT\n";
  for (int i = 0; i < 400; ++i) {
    std::string damaged = table;
    for (int hits = 0; hits < 4; ++hits) {
      const std::size_t at = random() % damaged.size();
      switch (random() % 3) {
        case 0:
          damaged[at] = static_cast<char>(random());
          break;
        case 1:
          damaged.erase(at, 1 + random() % 8);
          break;
        default:
          damaged.insert(at, 1, "/\\$({[]})!|*+?. \t\n^"[random() % 20]);
      }
    }
    EXPECT_TRUE(lint_rules(front::Dialect::pcre, damaged, Running::no)) << damaged;
  }
}

TEST(Suggestions, TheProjectsOwnTablesHaveNoErrors) {
  for (const char* name : {"header_checks", "body_checks"}) {
    const auto text = read_file(std::string(SAMPLE_TABLES "/") + name);
    ASSERT_TRUE(text);
    const auto findings = findings_of(front::Dialect::pcre, *text);
    for (const rules::Finding& finding : findings)
      EXPECT_EQ(finding.level, rules::FindingLevel::note)
          << name << ":" << finding.line << " " << finding.id << " " << finding.what;
    check_suggestions(front::Dialect::pcre, *text);
  }
}

TEST(Suggestions, TestTablesAreLintedWhateverTheyHold) {
  std::size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TEST_TABLES)) {
    if (!entry.is_regular_file()) continue;
    const auto text = read_file(entry.path());
    ASSERT_TRUE(text);
    ++tables;
    for (const auto dialect : {front::Dialect::pcre, front::Dialect::regexp})
      EXPECT_TRUE(lint_rules(dialect, *text, Running::no)) << entry.path();
  }
  EXPECT_GT(tables, 0U);
}

}  // namespace
}  // namespace headgate::lint
