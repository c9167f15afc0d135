#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "smtpd/cli/migrate_words.h"
#include "tests/smtpd/cli/migrate_fixture.h"

namespace headgate::cli {
namespace {

using testing::HasSubstr;

TEST_F(MigrateTest, WritesATableAndSaysHowSureItIs) {
  put("t", "# mine\n/^Subject: a$/ REJECT\n/(a)\\1/ WARN\n");
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("out")}), kExitOk);
  EXPECT_EQ(read(path("out")), "# mine\n/^Subject: a$/E REJECT\n/(a)\\1/ WARN\n");
  EXPECT_THAT(out_, HasSubstr("2 pattern(s): 1 proven, 1 tested, 0 left out\n"));
  EXPECT_THAT(out_, HasSubstr("line 3: /(a)\\1/: tested on "));
  EXPECT_THAT(out_, HasSubstr("texts, not proven: a back-reference\n"));
  EXPECT_THAT(out_, HasSubstr("of the corpus: no difference\n"));
  EXPECT_EQ(err_, "");
}

TEST_F(MigrateTest, WithoutAFileTheTableIsTheOutput) {
  put("t", "/a$/ X\n");
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre"}), kExitOk);
  EXPECT_EQ(out_, "/a$/E X\n");
  EXPECT_THAT(err_, HasSubstr("1 proven"));
}

TEST_F(MigrateTest, WhatIsLeftOutIsIncomplete) {
  put("t", "/a$./ X\n");
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("out"), "--json"}),
            kExitBadTable);
  const auto document = nlohmann::json::parse(out_);
  EXPECT_EQ(document["complete"], false);
  EXPECT_EQ(document["left"], 1);
  EXPECT_EQ(document["rules"][0]["certainty"], "left");
  EXPECT_EQ(document["rules"][0]["new_line"], 0);
  EXPECT_FALSE(document.contains("text"));
}

// A filter that lets all through would take the place of one that does not.
TEST_F(MigrateTest, WritesNoTableOfNothing) {
  put("out", "/before/ X\n");
  for (const char* text : {"xa/bxx REJECT\n", "/a$./ X\n", "  /indented/ X\n", "junk\n"}) {
    put("t", text);
    EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("out")}), kExitBadTable)
        << text;
    EXPECT_EQ(read(path("out")), "/before/ X\n") << text;
    EXPECT_THAT(err_, HasSubstr("is not written")) << text;
  }
  put("t", "# nothing yet\n");
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("out")}), kExitOk);
  EXPECT_EQ(read(path("out")), "# nothing yet\n");
}

TEST_F(MigrateTest, WhatPostfixSkipsIsIncomplete) {
  put("t", "/a/ X\njunk\n");
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("out")}), kExitBadTable);
  EXPECT_EQ(read(path("out")),
            "/a/ X\n# migrate: not in force: ignoring unrecognized request\n# junk\n");
  EXPECT_THAT(out_, HasSubstr("line 2: junk: could not be carried over: Postfix skips it"));
}

TEST_F(MigrateTest, GroupsAndComparesOnMail) {
  put("t", "/^Subject: a/ A\n/^From: b/ B\n/^Subject: c/ C\n/^Subject: d/ D\n");
  put("mail", "Subject: c\nFrom: b\n\nbody\n");
  EXPECT_EQ(migrate({"pcre:" + path("t"), "--group", "--corpus", path("mail"), "-o", path("out")}),
            kExitOk);
  EXPECT_EQ(
      read(path("out")),
      "if /^Subject:/\n/^Subject: a/ A\n/^Subject: c/ C\n/^Subject: d/ D\nendif\n/^From: b/ B\n");
  EXPECT_THAT(out_, HasSubstr("if /^Subject:/ around 3 rule(s), 2 of them moved up"));
  EXPECT_THAT(out_, HasSubstr("and 3 of the corpus: no difference"));
}

TEST_F(MigrateTest, KeepsPermissionsAndTheTableItself) {
  put("t", "/a/ X\n");
  std::filesystem::permissions(path("t"), std::filesystem::perms(0640));
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("t")}), kExitUsage);
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("out")}), kExitOk);
  EXPECT_EQ(std::filesystem::status(path("out")).permissions(), std::filesystem::perms(0640));
}

TEST_F(MigrateTest, UsageAndWhatIsNotThere) {
  put("t", "/a/ X\n");
  EXPECT_EQ(migrate({}), kExitUsage);
  EXPECT_EQ(migrate({"regexp:" + path("t")}), kExitUsage);
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "cidr"}), kExitUsage);
  EXPECT_EQ(migrate({"regexp:{{/a/ X}}", "--to", "pcre"}), kExitUsage);
  EXPECT_EQ(migrate({"ldap:" + path("t"), "--to", "pcre"}), kExitUsage);
  EXPECT_EQ(migrate({"regexp:" + path("no"), "--to", "pcre"}), kExitNoInput);
  EXPECT_EQ(migrate({path("no"), "--to", path("out")}), kExitNoInput);
  EXPECT_EQ(migrate({"hash:" + path("no")}), kExitNoInput);
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "--corpus", path("no")}), kExitNoInput);
  EXPECT_EQ(migrate({"regexp:" + path("t"), "--to", "pcre", "-o", path("no/out")}), kExitIo);
}

TEST_F(MigrateTest, AHashTableIsToldHow) {
  put("access", "a OK\n");
  EXPECT_EQ(migrate({"hash:" + path("access")}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("to be had as cdb:" + path("access") + "\n"));
  EXPECT_FALSE(std::filesystem::exists(path("access.cdb")));
}

TEST(TableWords, AreFoundInTheirPlaces) {
  struct Case {
    const char* line;
    bool files;
    std::vector<std::string> words;  // "type|name"
  };

  const Case cases[] = {
      {"a = hash:/x, btree:/y pcre:/z", false, {"hash|/x", "btree|/y", "pcre|/z"}},
      {"check_client_access proxy:hash:/x", false, {"hash|/x"}},
      {"unionmap:{hash:/a,pcre:/b}", false, {"hash|/a", "pcre|/b"}},
      {"inline:{a=hash:/x} hash:/y", false, {"hash|/y"}},
      {"-o body_checks=pcre:/b", false, {"pcre|/b"}},
      {"hash:$config_directory/a ${x}", false, {"hash|$config_directory/a"}},
      {"hash:${config_directory}/a}", false, {"hash|${config_directory}/a"}},
      {"$default_database_type:/a", false, {"$default_database_type|/a"}},
      {"${stress?{pcre:/a}:{pcre:/b}}", false, {"pcre|/a", "pcre|/b"}},
      {"!/no, /yes $config_directory/too 10.0.0.0/8",
       true,
       {"|/no", "|/yes", "|$config_directory/too"}},
      {"/no", false, {}},
      {"${kind}:/a ${a}${b}:/c", false, {"${kind}|/a", "${a}${b}|/c"}},
      {"${default_database_type}:/a", false, {"${default_database_type}|/a"}},
      {"check_policy_service unix:/a, hash:/b", false, {"hash|/b"}},
      {"[::1]/128 127.0.0.1:25 http://x", false, {"http|//x"}},
  };
  for (const Case& c : cases) {
    std::vector<std::string> found;
    for (const TableWord& word : table_words(c.line, c.files)) {
      found.push_back(word.type + "|" + word.name);
      EXPECT_EQ(std::string(c.line).substr(word.begin, word.size),
                (word.type.empty() ? "" : word.type + ":") + word.name);
    }
    EXPECT_EQ(found, c.words) << c.line;
  }
}

}  // namespace
}  // namespace headgate::cli
