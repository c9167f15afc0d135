// headgate diff over real tables and mail: what it prints is read by people in reviews, its JSON by scripts.
#include <algorithm>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

class Diff : public CliTest {
 protected:
  Diff() {
    std::filesystem::create_directories(directory_ / "mail");
    std::filesystem::current_path(directory_);  // so that names in the output are short
    put("main.cf", "compatibility_level = 3.7\n");
  }

  ~Diff() override { std::filesystem::current_path("/"); }

  int diff(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"diff", "pcre:old", "pcre:new", "--corpus", "mail"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return headgate(std::move(arguments));
  }

  // The kinds of change with their numbers of messages: "pass -> reject 1".
  std::string changes() {
    std::string all;
    const Json document = Json::parse(out_);
    for (const Json& change : document["changes"]) {
      const std::string kind = change["kind"];
      all += all.empty() ? "" : "; ";
      all += kind == "outcome"
                 ? std::string(change["from"]) + " -> " + std::string(change["to"])
                 : std::string(change["from"]) + ": " + kind +
                       (change["what"] == "" ? "" : " " + std::string(change["what"]));
      all += " " + std::to_string(change["messages"].get<int>());
    }
    return all;
  }

  // The rules that differ: "new 0-1 /x/ REJECT".
  std::string rules() {
    std::string all;
    const Json document = Json::parse(out_);
    for (const Json& rule : document["rules"]) {
      const Json& shown = rule["new"].is_null() ? rule["old"] : rule["new"];
      all += (all.empty() ? "" : "; ") + std::string(rule["change"]) + " " +
             std::to_string(rule["hits"]["old"]["messages"].get<int>()) + "-" +
             std::to_string(rule["hits"]["new"]["messages"].get<int>()) + " " +
             std::string(shown["pattern"]) + " " + std::string(shown["action"]);
    }
    return all;
  }
};

TEST_F(Diff, TellsAReviewer) {
  put("old",
      "/^Subject: .*free/ REJECT no spam\n/^X-Old:/ IGNORE\n/^Received:/ DUNNO\n"
      "/^From:.*boss/ PREPEND X-Boss: 1\n/^To: / WARN to\n");
  put("new",
      "/^Received:/ DUNNO\n/^Subject: .*free/ REJECT no spam\n/^From:.*boss/ PREPEND X-Boss: 2\n"
      "/^Subject: .*lottery/ REJECT 4.7.1 later\n/^Cc:/ WARN cc\n");
  put("mail/1", "Subject: free beer\n\nx\n");
  put("mail/2", "Subject: lottery\nX-Old: a|b`*\n\nx\n");
  put("mail/3", "From: boss\nTo: me\n\nx\n");
  put("mail/4", "X-Old: 1\n\nx\n");
  put("mail/5", "To: me\n\n");
  put("mail/6", "Received: me\n\n");
  EXPECT_EQ(diff({"--limit", "4"}), 1);
  EXPECT_EQ(err_, "");
  EXPECT_EQ(out_,
            "old: pcre:old\n"
            "new: pcre:new\n"
            "asked for: headers (by the look of the patterns; -h, -b)\n"
            "\n"
            "messages         old       new\n"
            "  pass             5         4\n"
            "  reject           1         1\n"
            "  defer            0         1\n"
            "\n"
            "4 of 6 messages are treated differently.\n"
            "\n"
            "pass -> defer: 1 message\n"
            "  mail/2\n"
            "    - pass\n"
            "    + defer (451 4.7.1 later) -- pcre:new, line 4\n"
            "        header: Subject: lottery\n"
            "\n"
            "pass: other content: 2 messages\n"
            "  mail/3\n"
            "    - PREPEND X-Boss: 1 -- pcre:old, line 4\n"
            "        header: From: boss\n"
            "    - WARN to -- pcre:old, line 5\n"
            "        header: To: me\n"
            "    + PREPEND X-Boss: 2 -- pcre:new, line 3\n"
            "        header: From: boss\n"
            "  mail/4\n"
            "    - IGNORE -- pcre:old, line 2\n"
            "        header: X-Old: 1\n"
            "\n"
            "pass: other log lines: 1 message\n"
            "  mail/5\n"
            "    - WARN to -- pcre:old, line 5\n"
            "        header: To: me\n"
            "\n"
            "Rules: 5 differ, 2 say and hit the same; messages hit:\n"
            "  gone           2 -> 0\n"
            "    - pcre:old, line 2: /^X-Old:/ IGNORE\n"
            "  gone           2 -> 0\n"
            "    - pcre:old, line 5: /^To: / WARN to\n"
            "  new            0 -> 1\n"
            "    + pcre:new, line 4: /^Subject: .*lottery/ REJECT 4.7.1 later\n"
            "  action         1 -> 1\n"
            "    - pcre:old, line 4: /^From:.*boss/ PREPEND X-Boss: 1\n"
            "    + pcre:new, line 3: /^From:.*boss/ PREPEND X-Boss: 2\n"
            "  ... and 1 more rule (--limit)\n");
}

TEST_F(Diff, MarkdownFoldsTheDetailsAndKeepsMailInItsPlace) {
  put("old", "/^X:/ DUNNO\n");
  put("new", "/^X: ([`|<].*)/ REJECT $1\n");
  put("mail/1", "X: ```\n\nx\n");
  put("mail/2", "X: |<b>\n\nx\n");
  EXPECT_EQ(diff({"--markdown", "--limit", "1"}), 1);
  EXPECT_EQ(out_,
            "### headgate diff: <code>pcre&#58;old</code> → <code>pcre&#58;new</code>\n"
            "\n"
            "**2 of 2 messages are treated differently.** Asked for: headers (by the look of the "
            "patterns; -h, -b).\n"
            "\n"
            "| change | messages |\n"
            "|---|---:|\n"
            "| pass → reject | 2 |\n"
            "\n"
            "| outcome | old | new |\n"
            "|---|---:|---:|\n"
            "| pass | 2 | 0 |\n"
            "| reject | 0 | 2 |\n"
            "\n"
            "<details><summary>pass → reject: 2 messages</summary>\n"
            "\n"
            "```diff\n"
            "@@ mail/1 @@\n"
            "- pass (DUNNO -- pcre:old, line 1)\n"
            "+ reject (550 5.7.1 ```) -- pcre:new, line 1\n"
            "    | header: X: ```\n"
            "```\n"
            "… and 1 more\n"
            "\n"
            "</details>\n"
            "\n"
            "<details><summary>2 of 2 rules differ in what they say or hit</summary>\n"
            "\n"
            "| rule | change | messages hit, old | new |\n"
            "|---|---|---:|---:|\n"
            "| line 1 <code>/^X&#58;/ DUNNO</code> | gone | 2 | 0 |\n"
            "\n"
            "… and 1 more rule\n"
            "\n"
            "</details>\n");
}

TEST_F(Diff, JsonHoldsAllOfIt) {
  put("old", "/^Subject: a/ HOLD\n");
  put("new", "/^Subject: a/ HOLD\n/^Subject: ab/ REJECT\n");
  put("box", "From a@b Mon\nSubject: a\n\none\n\nFrom c@d Tue\nSubject: abc \xff\n\ntwo\n\n");
  EXPECT_EQ(headgate({"--json", "diff", "pcre:old", "pcre:new", "--corpus", "box"}), 0);
  put("new", "/^Subject: ab/ REJECT\n/^Subject: a/ HOLD\n");
  EXPECT_EQ(headgate({"--json", "diff", "pcre:old", "pcre:new", "--corpus", "box"}), 1);
  EXPECT_EQ(err_, "");
  const Json outcomes_old = {{"pass", 0},   {"hold", 2},  {"discard", 0},
                             {"reject", 0}, {"defer", 0}, {"failed", 0}};
  Json outcomes_new = outcomes_old;
  outcomes_new["hold"] = outcomes_new["reject"] = 1;
  const Json step = {{"class", "header"}, {"table", "pcre:old"},
                     {"line", 1},         {"action", "HOLD"},
                     {"text", ""},        {"subject", "Subject: abc \xef\xbf\xbd"}};
  Json other = step;
  other["table"] = "pcre:new";
  other["action"] = "REJECT";
  other["text"] = "5.7.1 message content rejected";
  const Json hold = {{"table", "pcre:old"},
                     {"line", 1},
                     {"for", "header"},
                     {"pattern", "/^Subject: a/"},
                     {"action", "HOLD"}};
  Json hold_now = hold;
  hold_now["table"] = "pcre:new";
  hold_now["line"] = 2;
  const Json reject = {{"table", "pcre:new"},
                       {"line", 1},
                       {"for", "header"},
                       {"pattern", "/^Subject: ab/"},
                       {"action", "REJECT"}};
  const Json none = {{"messages", 0}, {"hits", 0}}, one = {{"messages", 1}, {"hits", 1}},
             two = {{"messages", 2}, {"hits", 2}};
  const Json expected = {{"old", "pcre:old"},
                         {"new", "pcre:new"},
                         {"corpus", {"box"}},
                         {"asked_for", {{"headers", true}, {"body", false}, {"guessed", true}}},
                         {"messages", 2},
                         {"different", 1},
                         {"outcomes", {{"old", outcomes_old}, {"new", outcomes_new}}},
                         {"changes",
                          {{{"kind", "outcome"},
                            {"from", "hold"},
                            {"to", "reject"},
                            {"what", ""},
                            {"messages", 1},
                            {"examples",
                             {{{"message", "box#2"},
                               {"old",
                                {{"verdict", "hold"},
                                 {"reply", "250 2.0.0 Ok"},
                                 {"actions", Json::array({step})},
                                 {"outcome", "hold"}}},
                               {"new",
                                {{"verdict", "reject"},
                                 {"reply", "550 5.7.1 message content rejected"},
                                 {"actions", Json::array({other})},
                                 {"outcome", "reject"}}}}}}}}},
                         {"rules",
                          {{{"change", "same"},
                            {"old", hold},
                            {"new", hold_now},
                            {"hits", {{"old", two}, {"new", one}}}},
                           {{"change", "new"},
                            {"old", nullptr},
                            {"new", reject},
                            {"hits", {{"old", none}, {"new", one}}}}}},
                         {"rules_unchanged", 0}};
  EXPECT_EQ(Json::parse(out_), expected) << out_;
}

// A table before, a table after, one message, and what is said of both.
struct Row {
  const char *before, *after, *mail, *changes;
};

TEST_F(Diff, KindsOfChange) {
  const Row rows[] = {
      {"/^A:/ DUNNO\n", "# moved\n\n/^A:/ DUNNO\n", "A: 1\n\n", ""},
      {"/^A:/ REJECT\n", "/^A:/ REJECT\n", "A: 1\n\n", ""},
      {"/^A:/ REJECT\n", "/^[A]:/ REJECT\n", "A: 1\n\n", ""},
      {"/^A:/ REJECT x\n", "/^A:/ REJECT y\n", "A: 1\n\n", "reject: reply 1"},
      {"/^A:/ REJECT\n", "/^A:/ REJECT 4.7.1\n", "A: 1\n\n", "reject -> defer 1"},
      {"/^A:/ REJECT\n", "/^A:/ DISCARD\n", "A: 1\n\n", "reject -> discard 1"},
      {"/^A:/ HOLD\n", "/^B:/ HOLD\n", "A: 1\n\n", "hold -> pass 1"},
      {"/^A:/ REDIRECT a@b.c\n", "/^A:/ REDIRECT d@b.c\n", "A: 1\n\n", "pass: effects REDIRECT 1"},
      {"/^A:/ FILTER x:y\n/^A:/ DUNNO\n", "/^A:/ BCC a@b.c\n", "A: 1\n\n",
       "pass: effects FILTER, BCC 1"},
      {"/^A:/ REPLACE B: 1\n", "/^A:/ REPLACE B: 2\n", "A: 1\n\n", "pass: effects content 1"},
      {"/^A:/ IGNORE\n", "/^A:/ DUNNO\n", "A: 1\n\n", "pass: effects content 1"},
      {"/^A:/ STRIP\n", "/^A:/ IGNORE\n", "A: 1\n\n", "pass: log 1"},
      {"/^A:/ WARN x\n", "/^A:/ INFO x\n", "A: 1\n\n", "pass: log 1"},
      {"/^A:/ HOLD x\n", "/^A:/ HOLD y\n", "A: 1\n\n", "hold: log 1"},
      {"/^A:/ REJECT\n", "if /^A/\n/^A:/ REJECT\nendif\n", "A: 1\n\n", ""},
      // A value that is empty is a lookup that failed.
      {"/^A:/ REJECT\n/^B:/ OK\n", "/^A:/\n/^B:/ OK\n", "A: 1\n\n", "reject -> failed 1"},
  };
  for (const Row& row : rows) {
    put("old", row.before);
    put("new", row.after);
    put("mail/1", row.mail);
    const bool same = std::string_view(row.changes).empty();
    EXPECT_EQ(headgate({"--json", "diff", "pcre:old", "pcre:new", "-h", "--corpus", "mail"}),
              same ? 0 : 1)
        << row.before << row.after << err_;
    EXPECT_EQ(changes(), row.changes) << row.before << row.after;
  }
}

TEST_F(Diff, IgnoreTextKeepsOutcomesOnly) {
  put("old", "/^A:/ REJECT x\n/^B:/ HOLD\n/^C:/ IGNORE\n");
  put("new", "/^A:/ REJECT y\n/^B:/ DISCARD\n");
  put("mail/1", "A: 1\n\n");
  put("mail/2", "C: 1\n\n");
  EXPECT_EQ(diff({"--ignore-text"}), 0);
  put("mail/3", "B: 1\n\n");
  EXPECT_EQ(diff({"--ignore-text", "--json"}), 1);
  EXPECT_EQ(changes(), "hold -> discard 1");
}

TEST_F(Diff, RulesFindEachOther) {
  const Row rows[] = {
      {"/^A:/ X\n/^B:/ WARN y\n", "/^B:/ WARN y\n/^A:/ X\n", "B: 1\n\n", ""},
      {"/^A:/ WARN x\n", "/^A:/i WARN x\n", "A: 1\n\n", "pattern 1-1 /^A:/i WARN x"},
      {"/^A:/ WARN x\n", "!/^A:/ WARN x\n", "A: 1\n\n", "pattern 1-0 !/^A:/ WARN x"},
      {"/^A:/ WARN x\n", "/^A:/ WARN y\n", "A: 1\n\n", "action 1-1 /^A:/ WARN y"},
      {"/^A:/ WARN x\n/^B:/ WARN x\n", "/^C:/ WARN x\n", "A: 1\n\n",
       "gone 1-0 /^A:/ WARN x; gone 0-0 /^B:/ WARN x; new 0-0 /^C:/ WARN x"},
      {"/^A:/ WARN x\n", "/^A:/ WARN x\n/^A:/ WARN x\n", "A: 1\n\n", "new 0-0 /^A:/ WARN x"},
      {"/^B:/ WARN x\n", "/^A:/ DUNNO\n/^B:/ WARN x\n", "A: 1\nB: 1\n\n", "new 0-1 /^A:/ DUNNO"},
      // In front of another it takes its hits.
      {"/^A: 1/ WARN x\n", "/^A:/ DUNNO\n/^A: 1/ WARN x\n", "A: 1\n\n",
       "same 1-0 /^A: 1/ WARN x; new 0-1 /^A:/ DUNNO"},
  };
  for (const Row& row : rows) {
    put("old", row.before);
    put("new", row.after);
    put("mail/1", row.mail);
    headgate({"--json", "diff", "pcre:old", "pcre:new", "-h", "--corpus", "mail"});
    EXPECT_EQ(rules(), row.changes) << row.before << row.after;
  }
}

TEST_F(Diff, ARegexpTableBesideItsTranslation) {
  put("old", "/^Subject: (a|ab)/ REJECT $1\n");
  put("mail/1", "Subject: abc\n\n");
  EXPECT_EQ(headgate({"diff", "regexp:old", "pcre:old", "--corpus", "mail"}), 1);
  EXPECT_THAT(out_, HasSubstr("- reject (550 5.7.1 ab) -- regexp:old, line 1"));
  EXPECT_THAT(out_, HasSubstr("+ reject (550 5.7.1 a) -- pcre:old, line 1"));
  EXPECT_THAT(out_, HasSubstr("Rules: all 1 say and hit the same."));
}

TEST_F(Diff, InlineRulesThatShareALineAndTablesWithoutRules) {
  put("mail/1", "A: 1\nB: 2\n\n");
  EXPECT_EQ(headgate({"--json", "diff", "pcre:{ {/^A:/ WARN a} {/^B:/ WARN b} }",
                      "pcre:{ {/^A:/ WARN a} {/^B:/ WARN c} }", "-h", "--corpus", "mail"}),
            1);
  EXPECT_EQ(rules(), "action 1-1 /^B:/ WARN c");
  EXPECT_EQ(headgate({"--json", "diff", "static:{WARN x}", "static:HOLD", "--corpus", "mail"}), 1);
  EXPECT_EQ(changes(), "pass -> hold 1");
  EXPECT_EQ(rules(), "gone 1-0  WARN x; new 0-1  HOLD");
  put("list", "A: 1 WARN listed\n");
  EXPECT_EQ(headgate({"--json", "diff", "texthash:list", "static:DUNNO", "-b", "--corpus", "mail"}),
            0);
}

TEST_F(Diff, BodyLinesWhenAskedOrByTheLookOfThePatterns) {
  put("old", "/one/ WARN\n");
  put("new", "/one/ REJECT\n");
  put("mail/1", "Subject: one\n\ntwo\n");
  EXPECT_EQ(diff(), 0);
  EXPECT_THAT(out_, HasSubstr("asked for: body lines (by the look of the patterns; -h, -b)"));
  EXPECT_EQ(diff({"-h"}), 1);
  EXPECT_EQ(diff({"-b"}), 0);
  EXPECT_THAT(out_, HasSubstr("asked for: body lines\n"));
  put("mail/2", "Subject: x\n\none\n");
  EXPECT_EQ(diff({"-bh", "--json"}), 1);
  EXPECT_EQ(changes(), "pass -> reject 2");
}

TEST_F(Diff, ANewRuleThatNamesNoHeaderIsLookedForInBodies) {
  put("old", "/^Subject: q/ WARN\n/^From: q/ WARN\n");
  put("new", "/^Subject: q/ WARN\n/^From: q/ WARN\n/evil/ REJECT\n");
  put("mail/1", "Subject: x\n\nevil\n");
  EXPECT_EQ(diff(), 1);
  EXPECT_THAT(out_,
              HasSubstr("asked for: headers, body lines (by the look of the patterns; -h, -b)"));
}

TEST_F(Diff, TwoConfigurations) {
  for (const std::string side : {"a", "b"}) {
    std::filesystem::create_directories(directory_ / side);
    put((side + "/master.cf").c_str(), "2525 inet n - n - 20 smtpd\n");
    put((side + "/main.cf").c_str(),
        "compatibility_level = 3.7\nheader_checks = pcre:" + path(side.c_str()) +
            "/header\nnested_header_checks =\nbody_checks = ${stress?{}:{pcre:" +
            path(side.c_str()) + "/body}}\n");
    put((side + "/header").c_str(), "/^Content-Type:.*html/ REJECT\n");
    put((side + "/body").c_str(), "/spam/ REJECT\n");
  }
  put("mail/1", "Content-Type: text/plain\n\nspam eggs\n");
  put("mail/2", "Content-Type: text/html\n\nx\n");
  EXPECT_EQ(headgate({"diff", "a", "b", "--corpus", "mail"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("asked for: headers, body lines\n"));
  put("b/body", "/eggs/ DISCARD\n");
  EXPECT_EQ(headgate({"--json", "diff", "a", "b", "--corpus", "mail"}), 1);
  EXPECT_EQ(changes(), "reject -> discard 1");
  EXPECT_EQ(headgate({"diff", "a", "b", "--corpus", "mail", "--emergency"}), 0);
  put("b/main.cf", "compatibility_level = 3.7\nmime_header_checks =\nheader_checks = pcre:" +
                       path("b/header") + "\nbody_checks = pcre:" + path("b/body") + "\n");
  EXPECT_EQ(headgate({"--json", "diff", "a", "b", "--corpus", "mail"}), 1);
  EXPECT_EQ(changes(), "reject -> discard 1; reject -> pass 1");
}

TEST_F(Diff, EmergencyKeepsTheMarkedRules) {
  put("old", "#@emergency\n/^A:/ REJECT\n/^B:/ WARN\n");
  put("new", "/^A:/ REJECT\n#@emergency\n/^B:/ WARN\n");
  put("mail/1", "A: 1\n\n");
  EXPECT_EQ(diff({"-h"}), 0);
  EXPECT_EQ(diff({"-h", "--emergency"}), 1);
  EXPECT_THAT(out_, HasSubstr("reject -> pass: 1 message"));
}

TEST_F(Diff, WarnsOncePerText) {
  put("old", "/^A:/ FILTER\n/(/ X\n");
  put("new", "/^A:/ FILTER\n/^B:/ FILTER\n/(/ X\n");
  put("mail/1", "A: 1\nB: 1\n\n");
  put("mail/2", "A: 1\n\n");
  EXPECT_EQ(diff({"-h"}), 0);
  const auto count = [&](const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = err_.find(text); at != std::string::npos; at = err_.find(text, at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count("missing FILTER command argument"), 1U) << err_;
  EXPECT_EQ(count("map old, line 2"), 1U) << err_;
  EXPECT_EQ(count("map new, line 3"), 1U) << err_;
}

TEST_F(Diff, SaysWhatIsWrong) {
  put("old", "/^A:/ REJECT\n");
  put("new", "/^A:/ REJECT\n");
  put("mail/1", "A: 1\n\n");
  std::filesystem::create_directories(directory_ / "empty");

  struct Wrong {
    std::vector<std::string> arguments;
    int code;
    const char* says;
  };

  const Wrong rows[] = {
      {{"pcre:old"}, kExitUsage, "NEW is required"},
      {{"pcre:old", "pcre:new"}, kExitUsage, "--corpus is required"},
      {{"pcre:old", "pcre:none", "--corpus", "mail"},
       kExitNoInput,
       "headgate: error: open none: No such file or directory"},
      {{"pcre:{ {/a/ X", "pcre:new", "--corpus", "mail"}, kExitBadTable, "headgate: error: "},
      {{"nosuch:x", "pcre:new", "--corpus", "mail"},
       kExitBadTable,
       "unsupported dictionary type: nosuch"},
      {{"pcre:old", "empty", "--corpus", "mail"}, kExitUsage, "need two tables or two"},
      {{"empty", "empty", "--corpus", "mail"}, kExitNoInput, "empty: there is no main.cf"},
      {{"old", "new", "--corpus", "mail"},
       kExitNoInput,
       "old: neither a table, type:name, nor a directory"},
      {{"pcre:old", "pcre:new", "--corpus", "nowhere"}, kExitNoInput, "open nowhere"},
      {{"pcre:old", "pcre:new", "--corpus", "empty"}, kExitNoInput, "there are no messages"},
      {{".", ".", "-h", "--corpus", "mail"}, kExitUsage, "-h and -b are for tables"},
      {{"pcre:old", "pcre:new", "--corpus", "mail", "--markdown", "--json"},
       kExitUsage,
       "either --markdown or --json"},
      {{"pcre:old", "pcre:new", "--corpus", "mail", "--limit", "-1"}, kExitUsage, "--limit"},
  };
  for (const Wrong& row : rows) {
    std::vector<std::string> arguments = {"diff"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    EXPECT_EQ(headgate(arguments), row.code) << row.says << '\n' << err_;
    EXPECT_THAT(err_, HasSubstr(row.says));
    EXPECT_THAT(out_, IsEmpty()) << row.says;
  }
}

// A part of the published mail: with the rules in another order the same, with another action not.
TEST_F(Diff, OverThePublishedMail) {
  const char* shared = std::getenv("HEADGATE_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "HEADGATE_SHARED names no folder of published mail";
  const std::string corpus = std::string(shared) + "/corpus";
  const std::string mail = corpus + "/mail/dev/gmime";
  if (!std::filesystem::exists(mail)) GTEST_SKIP() << mail << " is not there";
  put("old", "/^Subject:.*test/ REJECT\n/^X-Mailer:/ WARN\n");
  put("new", "/^X-Mailer:/ WARN\n/^Subject:.*test/ REJECT\n");
  EXPECT_EQ(headgate({"diff", "pcre:old", "pcre:new", "-h", "--ignore-text", "--corpus", mail}), 0);
  EXPECT_THAT(out_, HasSubstr("Rules: all 2 say and hit the same."));
  put("new", "/^X-Mailer:/ REJECT\n/^Subject:.*test/ REJECT\n");
  EXPECT_EQ(headgate({"diff", "pcre:old", "pcre:new", "-h", "--corpus", mail}), 1);
  EXPECT_THAT(out_, HasSubstr("pass -> reject: "));
}

}  // namespace
}  // namespace headgate::cli
