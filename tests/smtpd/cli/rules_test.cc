// explain, compile --explain, doctor: what a person sees about a table and the libraries.
#include <nlohmann/json.hpp>

#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {
namespace {

using RulesCommands = CliTest;

constexpr std::string_view kTable =
    "if /^Subject:/\n"
    "/(money)/ REJECT no $1\n"
    "endif\n"
    "/x(?=y)/ WARN\n"
    "/(a+)+$/ INFO\n";

TEST_F(RulesCommands, ExplainTellsWhyALineGetsItsAnswer) {
  put("t", kTable);
  EXPECT_EQ(headgate({"explain", "pcre:" + path("t"), "Subject: money"}), kExitOk) << err_;
  EXPECT_NE(out_.find("matches (scan): enter"), std::string::npos) << out_;
  EXPECT_NE(out_.find("$1 = \"money\""), std::string::npos) << out_;
  EXPECT_NE(out_.find("wins: REJECT no money"), std::string::npos) << out_;
  EXPECT_EQ(headgate({"explain", "pcre:" + path("t"), "other"}), kExitOk);
  EXPECT_NE(out_.find("no rule matches"), std::string::npos) << out_;
}

TEST_F(RulesCommands, CompileExplainsEachPattern) {
  put("t", kTable);
  EXPECT_EQ(headgate({"compile", "--explain", "pcre:" + path("t")}), kExitOk) << err_;
  EXPECT_NE(out_.find("3 rules, 4 patterns: 1 bytes, 1 literal, 1 name, 1 prefilter"),
            std::string::npos)
      << out_;
  EXPECT_NE(out_.find("(look-around)"), std::string::npos) << out_;
  EXPECT_EQ(headgate({"--json", "compile", "pcre:" + path("t")}), kExitOk);
  const auto facts = nlohmann::json::parse(out_);
  ASSERT_EQ(facts["patterns"].size(), 4U);
  EXPECT_EQ(facts["patterns"][3]["strategy"], "bytes");
  EXPECT_EQ(facts["patterns"][1]["action"], "REJECT no $1");
}

TEST_F(RulesCommands, CompileTellsWhereAndHowOftenAndAtWhatCost) {
  put("t", std::string(kTable) +
               "/v[^a-z]?[i1!][^a-z]?[a@][^a-z]?g[^a-z]?ra/ REJECT\n/poker/ HOLD\n"
               "/c[^a-z]?[i1!][^a-z]?[a@][^a-z]?l[^a-z]?is/ REJECT\n");
  EXPECT_EQ(headgate({"compile", "--explain", "pcre:" + path("t")}), kExitOk) << err_;
  for (const char* wanted :
       {"\n            in headers subject: all of them\n",
        "in headers subject: \"money\" in database 2 (936 bytes; without it in short texts); 1 in ",
        "in any text: by the bytes a; 1 in ", "in body lines: the row v[",
        "in any text: \"poker\" in database 0 (", "ns a byte\n",
        "\nfor all patterns, ns a byte: ", " in any text (guessed), "})
    EXPECT_NE(out_.find(wanted), std::string::npos) << wanted << "\n" << out_;
  EXPECT_EQ(headgate({"--json", "compile", "pcre:" + path("t")}), kExitOk);
  const auto facts = nlohmann::json::parse(out_);
  EXPECT_FALSE(facts["measured"].get<bool>());
  EXPECT_GT(facts["costs"]["alone"].get<double>(), 0);
  const auto& poker = facts["patterns"][5]["alone"];
  EXPECT_EQ(poker["way"], "database");
  EXPECT_EQ(poker["finder"], true);
  EXPECT_EQ(poker["literals"], nlohmann::json::array({"poker"}));
  EXPECT_GT(poker["per_byte"].get<double>(), 0);
  EXPECT_EQ(facts["patterns"][4]["block"]["way"], "row");
  EXPECT_EQ(facts["patterns"][0]["alone"]["headers"], nlohmann::json::array({"subject"}));
}

TEST_F(RulesCommands, BadTablesHaveTheirExitCodes) {
  put("bad", "/(/ X\n/b/ Y\n");
  EXPECT_EQ(headgate({"compile", "pcre:" + path("bad")}), kExitOk) << "the rest of the table works";
  EXPECT_NE(err_.find("line 1: error in regex at offset 1: missing closing parenthesis"),
            std::string::npos)
      << err_;
  EXPECT_EQ(headgate({"explain", "pcre:" + path("missing"), "x"}), kExitNoInput);
  EXPECT_EQ(headgate({"explain", "pcre:{", "x"}), kExitBadTable);
  EXPECT_EQ(headgate({"explain", "hash:x", "x"}), kExitBadTable);
  EXPECT_EQ(headgate({"explain"}), kExitUsage);
}

TEST_F(RulesCommands, DoctorKnowsTheLibraries) {
  EXPECT_EQ(headgate({"doctor"}), kExitOk) << err_;
  EXPECT_NE(out_.find("self-test passed"), std::string::npos) << out_;
  EXPECT_EQ(headgate({"--json", "doctor"}), kExitOk);
  EXPECT_TRUE(nlohmann::json::parse(out_)["hyperscan_ok"].get<bool>());
}

}  // namespace
}  // namespace headgate::cli
