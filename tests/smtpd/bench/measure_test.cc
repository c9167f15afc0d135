#include "smtpd/bench/measure.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "compiler/compile.h"
#include "smtpd/bench/json.h"
#include "tests/bench/add_message.h"
#include "tests/support/scratch_directory.h"

namespace headgate::bench {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kBodyTable =
    "/free money/ REJECT\n"
    "if /offer/\n"
    "/limited offer/ REJECT\n"
    "/best offer/ WARN\n"
    "endif\n"
    "/viagra(?=x)/ REJECT\n";

class Measure : public testing::Test {
 protected:
  Measure() {
    for (int i = 0; i < 20; ++i)
      add("Subject: message " + std::to_string(i) + "\nFrom: a@example.com\n\nsome text\n" +
          (i % 5 == 0 ? "free money\n" : "a limited offer\n") + "more text\n");
    write_contents(table_, std::string(kBodyTable));
    options_.tables = {{"pcre:" + table_, false, false}};
    options_.runs = 2;
    options_.least_seconds = 0;
  }

  static void write_contents(const std::string& path, const std::string& text) {
    testing_support::write_contents(path, text);
  }

  void add(const std::string& message) { peers::add_message(mail_, message); }

  Result<Report> run() {
    return measure(
        options_, mail_, programs_, [](const Diagnostic&) {},
        [this](double share, std::string_view) {
          EXPECT_GE(share, 0);
          EXPECT_LE(share, 1);
          ++told_;
        });
  }

  testing_support::ScratchDirectory directory_;
  const std::string table_ = directory_.path("table");
  peers::MailKeys mail_;
  compiler::CompilingSource programs_;
  Options options_;
  int told_ = 0;
};

// What depends on the clock, taken out everywhere.
nlohmann::json without_times(nlohmann::json document) {
  if (document.is_object()) {
    document.erase("times");
    for (auto& [name, value] : document.items()) value = without_times(value);
  } else if (document.is_array()) {
    for (auto& value : document) value = without_times(value);
  }
  return document;
}

TEST_F(Measure, CountsTheCorpusAndTheTable) {
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(20U, report->corpus.messages);
  EXPECT_EQ(40U, report->corpus.headers);
  EXPECT_EQ(20U * 3, report->corpus.body_lines);  // nobody is asked about the empty one
  ASSERT_THAT(report->tables, SizeIs(1));
  const TableReport& table = report->tables[0];
  EXPECT_EQ(peers::KeyKind::body, table.kind);
  EXPECT_TRUE(table.kind_guessed);
  EXPECT_EQ(4U, table.rules);
  EXPECT_EQ(1U, table.guards);
  EXPECT_EQ(20U, table.hits);
  EXPECT_GT(told_, 0);
}

TEST_F(Measure, EveryExactEngineAgrees) {
  const auto report = run();
  ASSERT_TRUE(report);
  std::vector<std::string> measured;
  for (const EngineRun& engine : report->tables[0].engines) {
    EXPECT_EQ("", engine.problem) << engine.engine;
    EXPECT_TRUE(engine.agrees.value_or(true)) << engine.engine;
    EXPECT_THAT(engine.seconds, SizeIs(2));
    const bool by_text = engine.engine != "hyperscan-buffer";
    EXPECT_TRUE(!by_text || engine.hits == 20) << engine.engine;
    measured.push_back(engine.engine);
  }
  EXPECT_THAT(measured, testing::ElementsAre("headgate", "headgate-message", "pcre2", "pcre2-flat",
                                             "pcre2-jit", "hyperscan", "hyperscan-buffer"));
}

TEST_F(Measure, RulesHaveTheirHitsAndTests) {
  const auto report = run();
  ASSERT_TRUE(report);
  const std::vector<RuleRow>& rows = report->tables[0].rows;
  ASSERT_THAT(rows, SizeIs(5));
  EXPECT_EQ(4U, rows[0].hits);
  EXPECT_EQ(60U, rows[0].tested);
  EXPECT_TRUE(rows[1].guard);
  EXPECT_EQ(56U, rows[1].tested);
  EXPECT_EQ(16U, rows[1].matched);
  EXPECT_EQ(16U, rows[2].hits);
  EXPECT_EQ(0U, rows[3].tested);  // the rule before it wins
  EXPECT_EQ(40U, rows[4].tested);
}

TEST_F(Measure, TheSameSeedGivesTheSameCounts) {
  const auto one = run(), two = run();
  ASSERT_TRUE(one && two);
  EXPECT_EQ(without_times(nlohmann::json::parse(as_json(*one))),
            without_times(nlohmann::json::parse(as_json(*two))));
}

TEST_F(Measure, GrowthAndAdviceComeFromTheText) {
  std::string table;
  for (int i = 0; i < 12; ++i) table += "/^Subject: word" + std::to_string(i) + "/ REJECT\n";
  write_contents(table_, table);
  const auto report = run();
  ASSERT_TRUE(report);
  const TableReport& one = report->tables[0];
  EXPECT_EQ(peers::KeyKind::header, one.kind);
  ASSERT_THAT(one.growth, SizeIs(2));
  EXPECT_EQ(10U, one.growth[0].rules);
  EXPECT_EQ(12U, one.growth[1].rules);
  ASSERT_THAT(one.advice, SizeIs(1));
  EXPECT_EQ("/^Subject:/", one.advice[0].guard);
  EXPECT_EQ(1, one.advice[0].first_line);
  EXPECT_EQ(12, one.advice[0].last_line);
  EXPECT_TRUE(one.advice[0].same_answers);
}

TEST_F(Measure, RegexpTablesHaveTheirOwnPeer) {
  options_.tables = {{"regexp:" + table_, false, true}};
  write_contents(table_, "/free *money/ REJECT\n/[[:digit:]]+/ REJECT\n");
  const auto report = run();
  ASSERT_TRUE(report);
  std::vector<std::string> measured;
  for (const EngineRun& engine : report->tables[0].engines) measured.push_back(engine.engine);
  EXPECT_THAT(measured, testing::ElementsAre("headgate", "headgate-message", "regexec", "hyperscan",
                                             "hyperscan-buffer"));
  EXPECT_EQ(true, report->tables[0].engines[2].agrees);
}

TEST_F(Measure, WhatCannotBeOpenedIsAnError) {
  options_.tables = {{"pcre:" + table_ + ".missing", false, false}};
  const auto missing = run();
  ASSERT_FALSE(missing);
  EXPECT_EQ(Code::not_found, missing.error().code);
  options_.tables = {{"pcre:" + table_, false, false}};
  write_contents(table_, "# nothing\n");
  const auto empty = run();
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().text(), HasSubstr("there is no rule in it"));
}

}  // namespace
}  // namespace headgate::bench
