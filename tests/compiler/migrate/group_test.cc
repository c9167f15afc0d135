// Flat tables in, grouped ones out; the same again from the result; the same answers.
#include "compiler/migrate/group.h"

#include <random>

#include <gtest/gtest.h>

#include "compiler/migrate/table_migrator.h"

namespace headgate::migrate {
namespace {

rules::Migration grouped(const std::string& text, rules::Dialect dialect = rules::Dialect::pcre) {
  TableMigrator migrator;
  rules::MigrationRequest request;
  request.from = dialect;
  request.name = "t";
  request.text = text;
  request.group = true;
  auto result = migrator.migrate(request);
  EXPECT_TRUE(result);
  return result ? std::move(*result) : rules::Migration{};
}

struct Case {
  const char* name;
  const char* before;
  const char* after;  // "" = as it was
};

class Group : public ::testing::TestWithParam<Case> {};

TEST_P(Group, BecomesOnceAndAnswersAlike) {
  const Case& c = GetParam();
  const std::string after = *c.after == '\0' ? c.before : c.after;
  for (const rules::Dialect dialect : {rules::Dialect::pcre, rules::Dialect::regexp}) {
    const rules::Migration migration = grouped(c.before, dialect);
    EXPECT_EQ(after, migration.text);
    EXPECT_TRUE(migration.disagreements.empty());
    EXPECT_EQ("", migration.why_not_grouped);
    EXPECT_EQ(after, grouped(after, dialect).text) << "again";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Names, Group,
    ::testing::Values(
        Case{"three", "/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\n",
             "if /^Subject:/\n/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\nendif\n"},
        Case{"two", "/^Subject: a/ A\n/^Subject: b/ B\n", ""},
        Case{"over_others",
             "/^Subject: a/ A\n/^From: x/ X\n/^Subject: b/ B\n# about c\n/^Subject: c/ C\n",
             "if /^Subject:/\n/^Subject: a/ A\n/^Subject: b/ B\n# about c\n/^Subject: c/ "
             "C\nendif\n/^From: x/ X\n"},
        Case{"not_over_unknown", "/^Subject: a/ A\n/x/ X\n/^Subject: b/ B\n/^Subject: c/ C\n", ""},
        Case{"not_over_negated",
             "/^Subject: a/ A\n!/^From: x/ X\n/^Subject: b/ B\n/^Subject: c/ C\n", ""},
        Case{"not_over_both",
             "/^Subject: a/ A\n/^(Subject|From): x/ X\n/^Subject: b/ B\n/^Subject: c/ C\n", ""},
        Case{"over_several",
             "/^Subject: a/ A\n/^(To|From): x/ X\n/^Subject: b/ B\n/^Subject: c/ C\n",
             "if /^Subject:/\n/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ "
             "C\nendif\n/^(To|From): x/ X\n"},
        Case{"longer_name", "/^X-A: a/ A\n/^X-A-B: b/ B\n/^X-A: c/ C\n/^X-A: d/ D\n",
             "if /^X-A:/\n/^X-A: a/ A\n/^X-A: c/ C\n/^X-A: d/ D\nendif\n/^X-A-B: b/ B\n"},
        Case{"into_an_if", "if /^Subject:/\n/a/ A\nendif\n/^From: x/ X\n/^Subject: b/ B\n",
             "if /^Subject:/\n/a/ A\n/^Subject: b/ B\nendif\n/^From: x/ X\n"},
        Case{"two_ifs",
             "# one\nif /^Subject:/\n/a/ A\n# end\nendif\n# two\nif /^Subject:/\n/b/ B\nendif\n",
             "if /^Subject:/\n# one\n/a/ A\n# end\n# two\n/b/ B\nendif\n"},
        Case{"inside_an_if", "if /x/\n/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\nendif\n",
             "if /x/\nif /^Subject:/\n/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ "
             "C\nendif\nendif\n"},
        Case{"not_again",
             "if /^Subject:/\n/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\nendif\n", ""},
        Case{"unclosed_if", "/^Subject: a/ A\n/^Subject: b/ B\nif /^Subject:/\n/^Subject: c/ C\n",
             ""},
        Case{"file_header",
             "# the file\n\n# about a\n/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\n# last\n",
             "# the file\n\nif /^Subject:/\n# about a\n/^Subject: a/ A\n/^Subject: b/ "
             "B\n/^Subject: c/ C\nendif\n# last\n"},
        Case{"marks",
             "#@emergency\n/^Subject: a/ A\n/^Subject: b/ B\n#@emergency\n/^Subject: c/ C\n",
             "if /^Subject:/\n#@emergency\n/^Subject: a/ A\n/^Subject: b/ "
             "B\n#@emergency\n/^Subject: c/ C\nendif\n"},
        Case{"marked_if", "#@emergency\nif /^Subject:/\n/a/ A\nendif\n/^Subject: b/ B\n", ""},
        Case{"mark_before_endif",
             "if /^Subject:/\n/foo/ REJECT A\n#@emergency\nendif\nif /^Subject:/\n/zap/ REJECT "
             "B\nendif\n/^Subject: b/ REJECT B\n/^Subject: c/ REJECT C\n",
             "if /^Subject:/\n/foo/ REJECT A\n/zap/ REJECT B\n/^Subject: b/ REJECT B\n/^Subject: "
             "c/ REJECT C\n#@emergency\nendif\n"},
        Case{"orphan_endif",
             "if /^Subject:/\n/foo/ A\nendif\nendif\n/^Subject: b/ B\nif /^Subject:/\n/bar/ "
             "C\nendif\n",
             "if /^Subject:/\n/foo/ A\n# migrate: not in force: ignoring ENDIF without matching "
             "IF\n# endif\n/^Subject: b/ B\n/bar/ C\nendif\n"},
        Case{"indented_line",
             "  /x/ X\n/^From: f/ F\n/^Subject: a/ A\n/^From: g/ G\n/^From: h/ H\n",
             "if /^From:/\n# migrate: not in force: t: logical line must not start with "
             "whitespace: \"  /x/ X\"\n#   /x/ X\n/^From: f/ F\n/^From: g/ G\n/^From: h/ "
             "H\nendif\n/^Subject: a/ A\n"},
        Case{"case_counts", "if /^Subject:/i\n/a/ A\nendif\n/^Subject: b/ B\n", ""},
        Case{"conditional_if",
             "if /^Subject: x/\n/a/ A\n/b/ B\nendif\n/^From: y/ Y\n/^Subject: b/ B\n",
             "if /^Subject:/\nif /^Subject: x/\n/a/ A\n/b/ B\nendif\n/^Subject: b/ "
             "B\nendif\n/^From: y/ Y\n"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Literals, Group,
    ::testing::Values(
        Case{"eight",
             "/a.*viagra/ 1\n/b.*viagra/ 2\n/viagra c/ 3\n/viagra d/ 4\n/viagra [0-9]/ "
             "5\n/xviagra/ 6\n/viagrax/ 7\n/^viagra/ 8\n/other/ 9\n",
             "if /viagra/\n/a.*viagra/ 1\n/b.*viagra/ 2\n/viagra c/ 3\n/viagra d/ 4\n/viagra "
             "[0-9]/ 5\n/xviagra/ 6\n/viagrax/ 7\n/^viagra/ 8\nendif\n/other/ 9\n"},
        Case{"seven",
             "/a.*viagra/ 1\n/b.*viagra/ 2\n/viagra c/ 3\n/viagra d/ 4\n/viagra [0-9]/ "
             "5\n/xviagra/ 6\n/viagrax/ 7\n",
             ""},
        Case{"not_negated",
             "/a.*viagra/ 1\n/b.*viagra/ 2\n/viagra c/ 3\n/viagra d/ 4\n!/viagra [0-9]/ "
             "5\n/xviagra/ 6\n/viagrax/ 7\n/^viagra/ 8\n",
             ""}),
    [](const auto& tested) { return tested.param.name; });

// The mark goes with the line that Postfix skips; then more would be asked in an emergency.
TEST(Group, GivesUpWhatWouldAnswerOtherwise) {
  const std::string flat = "#@emergency\njunk\n/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\n";
  const rules::Migration m = grouped(flat);
  EXPECT_EQ(flat, m.text);
  EXPECT_TRUE(m.groups.empty());
  EXPECT_TRUE(m.disagreements.empty());
  EXPECT_NE(std::string::npos, m.why_not_grouped.find("in an emergency: no match"))
      << m.why_not_grouped;
  ASSERT_EQ(3U, m.rules.size());
  EXPECT_EQ(3, m.rules[0].new_line);
}

// Random tables of rules that overlap: any grouping that changes which rule is first would show.
TEST(Group, KeepsTheFirstRuleOfRandomTables) {
  std::mt19937 random(7);
  static const char* const kNames[] = {"Subject", "From", "X-A", "(Subject|From)", "X-A-B"};
  static const char* const kTexts[] = {"a", "b", ".*a", "[ab]+$", ""};
  for (int table = 0; table < 150; ++table) {
    std::string text;
    int open = 0;
    for (int line = 0; line < 14; ++line) {
      const auto kind = random() % 12;
      const std::string name = kNames[random() % 5];
      const std::string rest = kTexts[random() % 5];
      if (kind == 0) {
        text += "if /^" + name + ":/\n";
        ++open;
      } else if (kind == 1 && open > 0) {
        text += "endif\n";
        --open;
      } else if (kind == 2) {
        text += "/" + rest + "b/ U" + std::to_string(line) + "\n";
      } else if (kind == 3) {
        text += "!/^" + name + ": a/ N" + std::to_string(line) + "\n";
      } else {
        text += "/^" + name + ": " + rest + "/ R" + std::to_string(line) + "\n";
      }
    }
    const rules::Migration once = grouped(text);
    ASSERT_TRUE(once.disagreements.empty()) << text << "became\n"
                                            << once.text << once.disagreements[0].subject;
    EXPECT_EQ("", once.why_not_grouped) << text;
    EXPECT_GT(once.made_subjects, 10U);
    ASSERT_EQ(once.text, grouped(once.text).text) << text;
  }
}

}  // namespace
}  // namespace headgate::migrate
