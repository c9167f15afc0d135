// headgate lint: text, JSON, SARIF, baselines, a corpus, exit codes.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "compiler/lint/lint.h"
#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {
namespace {

constexpr std::string_view kTable =
    "/^Subject:.*spam/ REJECT\n"
    "/^Subject:.*spammer/ DISCARD\n"
    "/low/cost/ REJECT\n"
    "/^From:.*a.example.com/ HOLD\n";

constexpr std::string_view kMail =
    "From: a@a.example.com\nTo: b\nSubject: spam and more\n\nspam in the body\n";

class LintCommand : public CliTest {
 protected:
  int lint(std::vector<std::string> arguments) {
    std::istringstream in;
    std::ostringstream out, err;
    lint::TableLinter linter;
    const int code = run(std::move(arguments), programs_, in, out, err, &linter);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  [[nodiscard]] bool says(std::string_view words) const {
    return out_.find(words) != std::string::npos;
  }

  [[nodiscard]] std::string table() const { return "pcre:" + path("t"); }
};

TEST_F(LintCommand, SaysWhatWhereWhyAndWhatToWrite) {
  put("t", kTable);
  EXPECT_EQ(lint({"lint", table()}), kExitBadTable) << err_;
  EXPECT_TRUE(says(path("t") +
                   ":2: warning: line 1 matches all that this rule matches [shadowed-rule]\n"
                   "    The first rule that matches wins: this one never does.\n"))
      << out_;
  EXPECT_TRUE(says(path("t") + ":3: error: ")) << out_;
  EXPECT_TRUE(says("    write: /low\\/cost/ REJECT\n")) << out_;
  EXPECT_TRUE(says(":4: note: ")) << out_;
  EXPECT_TRUE(says("1 error, 1 warning, 1 note in 3 rules\n")) << out_;
  EXPECT_EQ(err_, "");
}

TEST_F(LintCommand, TheExitCodeIsOfTheLevelAsked) {
  put("t", "/a.example.com/ REJECT\n");
  EXPECT_EQ(lint({"lint", table()}), kExitOk) << out_;
  EXPECT_TRUE(says("1 note"));
  EXPECT_EQ(lint({"lint", "--fail-on", "note", table()}), kExitBadTable);
  EXPECT_EQ(lint({"lint", "--level", "warning", "--fail-on", "note", table()}), kExitOk);
  EXPECT_TRUE(says("0 notes"));
  put("t", "/a/ REJECT\n/ab/ OK\n");
  EXPECT_EQ(lint({"lint", table()}), kExitBadTable);
  EXPECT_EQ(lint({"lint", "--fail-on", "error", table()}), kExitOk);
  EXPECT_EQ(lint({"lint"}), kExitUsage);
  EXPECT_EQ(lint({"lint", "--fail-on", "never", table()}), kExitUsage);
  EXPECT_EQ(lint({"lint", "tcp:x"}), kExitUsage);
  EXPECT_EQ(lint({"lint", "hash:" + path("missing")}), kExitNoInput);
  EXPECT_EQ(lint({"lint", "pcre:" + path("missing")}), kExitNoInput);
  EXPECT_EQ(lint({"lint", "pcre:{"}), kExitBadTable);
  EXPECT_EQ(headgate({"lint", table()}), kExitUnavailable) << "no linter";
}

TEST_F(LintCommand, JsonHasTheFacts) {
  put("t", kTable);
  EXPECT_EQ(lint({"--json", "lint", table()}), kExitBadTable);
  const auto document = nlohmann::json::parse(out_);
  ASSERT_EQ(document["tables"].size(), 1U);
  const auto& one = document["tables"][0];
  EXPECT_EQ(one["table"], table());
  EXPECT_EQ(one["file"], path("t"));
  EXPECT_EQ(one["rules"], 3);
  const auto& first = one["findings"][0];
  EXPECT_EQ(first["rule"], "shadowed-rule");
  EXPECT_EQ(first["level"], "warning");
  EXPECT_EQ(first["line"], 2);
  EXPECT_EQ(first["other_line"], 1);
  EXPECT_EQ(first["text"], "/^Subject:.*spammer/ DISCARD");
  EXPECT_EQ(one["findings"][1]["suggestion"], "/low\\/cost/ REJECT");
}

// What SARIF 2.1.0 demands of what is used of it.
void expect_sarif(const nlohmann::json& document) {
  EXPECT_EQ(document["version"], "2.1.0");
  ASSERT_EQ(document["runs"].size(), 1U);
  const auto& run = document["runs"][0];
  const auto& rules = run["tool"]["driver"]["rules"];
  EXPECT_EQ(run["tool"]["driver"]["name"], "headgate");
  for (const auto& rule : rules)
    for (const char* text : {"shortDescription", "fullDescription", "help"})
      EXPECT_TRUE(rule[text]["text"].is_string()) << rule;
  for (const auto& result : run["results"]) {
    EXPECT_EQ(rules[result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
    EXPECT_TRUE(result["level"] == "note" || result["level"] == "warning" ||
                result["level"] == "error");
    EXPECT_TRUE(result["message"]["text"].is_string());
    const auto& place = result["locations"][0]["physicalLocation"];
    EXPECT_TRUE(place["artifactLocation"]["uri"].is_string());
    EXPECT_GE(place["region"]["startLine"].get<int>(), 1);
    EXPECT_EQ(result["partialFingerprints"]["headgateLint/v1"].get<std::string>().size(), 32U);
    for (const auto& fix : result.value("fixes", nlohmann::json::array())) {
      const auto& replacement = fix["artifactChanges"][0]["replacements"][0];
      EXPECT_EQ(replacement["deletedRegion"]["startLine"], place["region"]["startLine"]);
      EXPECT_TRUE(replacement["insertedContent"]["text"].is_string());
    }
  }
}

TEST_F(LintCommand, SarifIsSarif) {
  put("t able", std::string(kTable) + "/^x\xe9y$ REJECT/\n");
  EXPECT_EQ(lint({"lint", "--sarif", "pcre:" + path("t able")}), kExitBadTable) << err_;
  const auto document = nlohmann::json::parse(out_);
  expect_sarif(document);
  const auto& results = document["runs"][0]["results"];
  ASSERT_GE(results.size(), 4U);
  const std::string uri = results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
  EXPECT_TRUE(uri.starts_with("file:///") && uri.ends_with("/t%20able")) << uri;
  EXPECT_EQ(results[0]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 1);
  const auto& region =
      results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"];
  EXPECT_EQ(region["endColumn"], 18);
}

TEST_F(LintCommand, ABaselineSilencesWhatItKnows) {
  put("t", kTable);
  EXPECT_EQ(lint({"lint", "--write-baseline", path("known"), table()}), kExitOk) << err_;
  EXPECT_EQ(lint({"lint", "--baseline", path("known"), table()}), kExitOk) << out_;
  EXPECT_TRUE(says("0 errors, 0 warnings, 0 notes in 3 rules; 3 known\n")) << out_;
  // Moved lines and other blanks are known, a second one of the same is not, nor is another.
  put("t",
      "# a line\n\n/^Subject:.*spam/ REJECT\n/^Subject:.*spammer/  \tDISCARD\n/low/cost/ REJECT\n"
      "/low/cost/ REJECT\n/^From:.*b.example.com/ HOLD\n");
  EXPECT_EQ(lint({"lint", "--baseline", path("known"), table()}), kExitBadTable);
  EXPECT_TRUE(says("1 error, 0 warnings, 1 note in 3 rules; 2 known\n")) << out_;
  EXPECT_TRUE(says(":6: error")) << out_;
  EXPECT_EQ(lint({"lint", "--sarif", "--baseline", path("known"), table()}), kExitBadTable);
  const auto document = nlohmann::json::parse(out_);
  expect_sarif(document);
  EXPECT_EQ(document["runs"][0]["results"][0]["suppressions"][0]["kind"], "external");
  put("known", "{}");
  EXPECT_EQ(lint({"lint", "--baseline", path("known"), table()}), kExitBadTable);
  EXPECT_NE(err_.find("is no baseline"), std::string::npos) << err_;
  EXPECT_EQ(lint({"lint", "--baseline", path("none"), table()}), kExitNoInput);
}

TEST_F(LintCommand, ACorpusTellsWhatNeverWins) {
  put("t",
      "/^Subject:.*spam/ REJECT\n/^Subject:.*lottery/ REJECT\n/^Subject:.*and/ REJECT\n"
      "/^From:/ DUNNO\n/^From:.*example/ OK\n");
  put("mail", kMail);
  EXPECT_EQ(lint({"lint", "--corpus", path("mail"), table()}), kExitBadTable) << err_;
  EXPECT_TRUE(says(":2: note: matches none of 3 headers in 1 messages [never-hit]")) << out_;
  EXPECT_TRUE(
      says(":3: warning: all of the 1 headers that it matches, in 1 messages, are taken by line 1 "
           "before it [always-taken]"))
      << out_;
  EXPECT_TRUE(says(":5: warning: line 4 matches all that this rule matches [shadowed-rule]"))
      << out_;
  EXPECT_FALSE(says(":5: note")) << "told once";
  put("t", "/spam/ REJECT\n");
  EXPECT_EQ(lint({"lint", "--corpus", path("mail"), table()}), kExitOk) << out_;
  EXPECT_FALSE(says("never-hit")) << out_;
  put("t", "/lottery/ REJECT\n");
  EXPECT_EQ(lint({"lint", "-b", "--corpus", path("mail"), table()}), kExitOk) << out_;
  EXPECT_TRUE(says("lines of bodies")) << out_;
  EXPECT_EQ(lint({"lint", "-b", table()}), kExitUsage) << "-b without a corpus";
  EXPECT_EQ(lint({"lint", "--corpus", path("none"), table()}), kExitNoInput);
}

TEST_F(LintCommand, NetworksAreLinted) {
  put("c",
      "10.0.0.1/8 REJECT\n10.1.0.0/16 OK\n!192.0.2.0/24 OK\nif 172.16.0.0/12\n172.16.0.0/16 "
      "OK\nendif\n"
      "172.16.1.0/24 REJCT\n10.1.2.0/24 OK\n10.1.0.0/16 REJECT\nfoo OK\n2001:db8::/32 OK\n");
  EXPECT_EQ(lint({"lint", "cidr:" + path("c")}), kExitBadTable) << err_;
  EXPECT_TRUE(says(":1: error: non-null host address bits")) << out_;
  EXPECT_TRUE(says("    write: 10.0.0.0/8 REJECT\n")) << out_;
  EXPECT_TRUE(says(":7: error: \"REJCT\" is no action; REJECT was meant [misspelt-action]"))
      << out_;
  EXPECT_TRUE(says("    write: 172.16.1.0/24 REJECT\n")) << out_;
  EXPECT_TRUE(says(":8: warning: the network of line 2 contains it [shadowed-network]")) << out_;
  EXPECT_TRUE(says(":9: warning: the same network stands in line 2 [shadowed-network]")) << out_;
  EXPECT_TRUE(says(":10: error: bad address pattern")) << out_;
  EXPECT_TRUE(says("3 errors, 2 warnings")) << out_;
  EXPECT_FALSE(says(":3: ") || says(":5: ") || says(":11: ")) << out_;
}

TEST_F(LintCommand, SourcesOfKeyedTablesAreLinted) {
  put("h", "# access\na@example.com OK\nB REJECT\nb OK\nc\nd REJCT\n");
  EXPECT_EQ(lint({"lint", "hash:" + path("h")}), kExitBadTable) << err_;
  EXPECT_TRUE(says(":4: warning: duplicate entry: \"b\" [duplicate-key]")) << out_;
  EXPECT_TRUE(says(":5: error: expected format: key whitespace value")) << out_;
  EXPECT_TRUE(says(":6: error: \"REJCT\" is no action")) << out_;
  EXPECT_EQ(lint({"lint", "texthash:" + path("h")}), kExitBadTable);
  EXPECT_TRUE(says(":4: error: duplicate entry")) << out_;
  put("h", "postmaster: root\nwebmaster root\nrejct relay\n");
  EXPECT_EQ(lint({"lint", "--sarif", "cdb:" + path("h")}), kExitBadTable);
  expect_sarif(nlohmann::json::parse(out_));
  EXPECT_EQ(nlohmann::json::parse(out_)["runs"][0]["results"].size(), 1U) << out_;
}

TEST_F(LintCommand, ALongListIsCut) {
  std::string many;
  for (int i = 100; i < 130; ++i) many += "/a" + std::to_string(i) + "/s REJECT\n";
  put("t", many);
  EXPECT_EQ(lint({"lint", table()}), kExitOk) << out_;
  EXPECT_TRUE(says("10 more [useless-flag] (--all shows them)\n0 errors, 0 warnings, 30 notes"))
      << out_;
  EXPECT_EQ(lint({"lint", "--all", table()}), kExitOk);
  EXPECT_FALSE(says("more [")) << out_;
}

}  // namespace
}  // namespace headgate::cli
