// Whole tables: what the text becomes, which lines are left out, and that old and new answer alike.
#include "compiler/migrate/table_migrator.h"

#include <gtest/gtest.h>

namespace headgate::migrate {
namespace {

using rules::Certainty;

rules::Migration migrate(const std::string& text, bool group = false,
                         rules::Dialect from = rules::Dialect::regexp) {
  TableMigrator migrator;
  rules::MigrationRequest request;
  request.from = from;
  request.name = "t";
  request.text = text;
  request.to_pcre = true;
  request.group = group;
  auto result = migrator.migrate(request);
  EXPECT_TRUE(result);
  return result ? std::move(*result) : rules::Migration{};
}

struct Case {
  const char* name;
  const char* before;
  const char* after;
};

class Table : public ::testing::TestWithParam<Case> {};

TEST_P(Table, BecomesAndAnswersAlike) {
  const Case& c = GetParam();
  const rules::Migration migration = migrate(c.before);
  EXPECT_EQ(c.after, migration.text);
  EXPECT_TRUE(migration.disagreements.empty())
      << migration.disagreements[0].subject << ": " << migration.disagreements[0].before << " / "
      << migration.disagreements[0].after;
}

INSTANTIATE_TEST_SUITE_P(
    ToPcre, Table,
    ::testing::Values(
        Case{"comments", "# c\n\n/a$/  REJECT x # y\n", "# c\n\n/a$/E REJECT x # y\n"},
        Case{"column", "/a$/m    X\n/a$/     X\n/a{,2}/  Y\n",
             "/a$/m    X\n/a$/E    X\n/a{0,2}/ Y\n"},
        Case{"no_newline", "/a/ X", "/a/ X\n"}, Case{"flags", "/a./im REJECT\n", "/a./is REJECT\n"},
        Case{"negated", "! !!/a/ X\n", "! !!/a/ X\n"},
        Case{"delimiter", "|a/b| X\n%a\\%b% Y\n+a\\+b+ Z\n", "|a/b| X\n%a\\%b% Y\n+a\\+b+ Z\n"},
        Case{"delimiter_must_change", "+a\\++x Z\n", "/a+/ Z\n"},
        Case{"delimiter_escaped", "xa/bxx X\n",
             "# migrate: not in force: ignoring unrecognized request\n# xa/bxx X\n"},
        Case{"second", "/a/!/b$/m REJECT $$\n", "if !/b$/m\n/a/ REJECT $$\nendif\n"},
        Case{"second_plain", "/(a)/!!/b/ X $1\n", "if /b/\n/(a)/ X $1\nendif\n"},
        Case{"second_glued", "/a/!/b/!/c/ X\n", "if !/b/\n/a/ !/c/ X\nendif\n"},
        Case{"continued", "/a$/\n  REJECT\n# c\n  more\n/b/ X\n",
             "/a$/E\n  REJECT\n# c\n  more\n/b/ X\n"},
        Case{"pattern_continued", "/a\n# c\n b$/ X\n/b/ X\n", "/a b$/E X\n# c\n/b/ X\n"},
        Case{"closed_by_line", "/a$\\\n/b/ X\n", "/a$/E\n/b/ X\n"},
        Case{"guards", "if /a$/\n/b/ X\nendif\n", "if /a$/E\n/b/ X\nendif\n"},
        Case{"guard_extra", "if /a/ /b/ X\n/c/ Y\nENDIF x\n",
             "if /a/\n# migrate: this stood behind the if and was not in force:\n# /b/ X\n/c/ "
             "Y\nENDIF x\n"},
        Case{"broken_rule", "/a{b/ X\n/b/ Y\n",
             "# migrate: not in force: Unmatched \\{\n# /a{b/ X\n/b/ Y\n"},
        Case{"broken_if", "if /(/\n/x/ X\nendif\n",
             "# migrate: not in force: Unmatched ( or \\(\n# if /(/\n/x/ X\n# migrate: not in "
             "force: ignoring ENDIF without matching IF\n# endif\n"},
        Case{"left", "/a$./ X\n/b/ Y\n",
             "# migrate: left as it was: `^` behind, or `$` before, what can match a newline: "
             "regexp: takes it for a line's\n# /a$./ X\n/b/ Y\n"},
        Case{"left_if", "if /a$./\n/b/ X\nendif\n/c/ Y\n",
             "# migrate: left as it was: `^` behind, or `$` before, what can match a newline: "
             "regexp: takes it for a line's\n# if /a$./\n"
             "# migrate: left as it was: it stands in the if of line 1\n# /b/ X\n# migrate: left "
             "as it was: it stands in the if of line 1\n# endif\n/c/ Y\n"},
        Case{"mark", "#@emergency\n/a$./ X\n/b/ Y\n",
             "# #@emergency\n# migrate: left as it was: `^` behind, or `$` before, what can match "
             "a newline: regexp: takes it for a line's\n# /a$./ X\n/b/ Y\n"},
        Case{"mark_kept", "#@emergency\n/a/!/b/ X\n", "#@emergency\nif !/b/\n/a/ X\nendif\n"},
        Case{"crlf", "/a$/ X\r\n", "/a$/E X\r\n"},
        Case{"top", "  /a/ X\n/b/ Y\n",
             "# migrate: not in force: t: logical line must not start with whitespace: \"  /a/ "
             "X\"\n#   /a/ X\n/b/ Y\n"},
        Case{"unclosed", "if /a/\n/b/ X\n", "if /a/\n/b/ X\n"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Table, SaysHowSureItIs) {
  const rules::Migration m = migrate(
      "/^Subject: (.*)$/ INFO $1\n/(a|ab)(c|bcd)/ X\n/(a+)(b|c)?$/ Y $1\n/a$./ Z\n/(x)\\1/ V\n");
  ASSERT_EQ(5U, m.rules.size());
  EXPECT_EQ(Certainty::proven, m.rules[0].certainty) << m.rules[0].why;
  EXPECT_EQ(Certainty::proven, m.rules[1].certainty) << m.rules[1].why;
  EXPECT_EQ(Certainty::proven, m.rules[2].certainty) << m.rules[2].why;
  EXPECT_EQ(Certainty::left, m.rules[3].certainty);
  EXPECT_EQ(Certainty::tested, m.rules[4].certainty) << m.rules[4].why;
  EXPECT_GT(m.rules[4].subjects, 50U);
  EXPECT_EQ(3U, m.count(Certainty::proven));
}

TEST(Table, LeavesOutWhatItSawDiffer) {
  const rules::Migration m = migrate("/(a|ab)/ X $1\n");
  ASSERT_EQ(1U, m.rules.size());
  EXPECT_EQ(Certainty::left, m.rules[0].certainty);
  EXPECT_NE(std::string::npos, m.rules[0].why.find("$1 of")) << m.rules[0].why;
}

// regexec never comes back from these with captures.
TEST(Table, DoesNotAskWhatIsTooDear) {
  const std::string bomb = "/(\\`(\\'.+?^|x{0,2}*^(b|\\<)**)+\\w{1})/m R[$1][$2][$3]\n";
  const rules::Migration m = migrate(bomb + "/a$/ X\n");
  ASSERT_EQ(2U, m.rules.size());
  EXPECT_EQ(Certainty::left, m.rules[0].certainty);
  EXPECT_NE(std::string::npos, m.rules[0].why.find("not tried (too dear)")) << m.rules[0].why;
  EXPECT_EQ(Certainty::proven, m.rules[1].certainty);
  TableMigrator migrator;
  rules::MigrationRequest request;
  request.name = "t";
  request.text = bomb + "/^Subject: a/ A\n/^Subject: b/ B\n/^Subject: c/ C\n";
  request.group = true;
  const auto grouped = migrator.migrate(request);
  ASSERT_TRUE(grouped);
  EXPECT_EQ(request.text, grouped->text);
  EXPECT_NE(std::string::npos, grouped->why_not_grouped.find("line 1: not tried (too dear)"));
}

TEST(Table, TellsWhatWasSkippedAndWhenNothingIsLeft) {
  const rules::Migration some = migrate("/a/ X\njunk\n/b{/ Y\n");
  ASSERT_EQ(2U, some.skipped.size());
  EXPECT_EQ(2, some.skipped[0].line);
  EXPECT_EQ("junk", some.skipped[0].text);
  EXPECT_EQ("ignoring unrecognized request", some.skipped[0].why);
  EXPECT_EQ(1U, some.rules_in_force());
  EXPECT_FALSE(some.lost_all());
  EXPECT_TRUE(migrate("xa/bxx X\n").lost_all());
  EXPECT_TRUE(migrate("/a$./ X\n").lost_all());
  EXPECT_FALSE(migrate("# nothing yet\n").lost_all());
}

// What was marked and could not be carried over leaves a table that is asked for more in an emergency.
TEST(Table, ComparesWhatIsAskedInAnEmergency) {
  const rules::Migration m = migrate("#@emergency\njunk\n/a/ X\n");
  ASSERT_FALSE(m.disagreements.empty());
  EXPECT_EQ("in an emergency: no match", m.disagreements[0].before);
  EXPECT_EQ("in an emergency: line 4: X", m.disagreements[0].after);
  EXPECT_EQ(0U, m.count(Certainty::proven));
}

TEST(Table, ComparesTheCorpus) {
  TableMigrator migrator;
  const std::vector<std::string_view> keys{"Subject: a", "b", std::string_view("a\0b", 3)};
  rules::MigrationRequest request;
  request.name = "t";
  request.text = "/a/ X\n";
  request.to_pcre = true;
  request.corpus = keys;
  const auto all = migrator.migrate(request);
  ASSERT_TRUE(all);
  EXPECT_EQ(3U, all->corpus_subjects);
  request.go_on = [] { return false; };
  const auto none = migrator.migrate(request);
  ASSERT_TRUE(none);
  EXPECT_EQ(0U, none->corpus_subjects);
}

}  // namespace
}  // namespace headgate::migrate
