// Tuning: how the mail is divided, what is kept, what is told.
#include "smtpd/bench/tune.h"

#include <filesystem>
#include <set>

#include "compiler/store/image_source.h"
#include "engine/base/env.h"
#include "engine/rules/program.h"
#include "smtpd/bench/tune_halves.h"
#include "smtpd/bench/tune_report.h"
#include "tests/bench/add_message.h"
#include "tests/support/scratch_directory.h"

namespace headgate::bench {
namespace {

using testing::HasSubstr;

class Tune : public testing::Test {
 protected:
  Tune() : programs_({}, std::make_unique<store::InProcessBuilder>(env_), env_) {
    settings_.directory = directory_.path() + "/images";
    programs_.configure(settings_);
    testing_support::write_contents(
        table_,
        "/free money/ REJECT\n/v[^a-z]?[i1!][^a-z]?[a@][^a-z]?g[^a-z]?ra/ REJECT\n"
        "/c[^a-z]?[i1!][^a-z]?[a@][^a-z]?l[^a-z]?is/ REJECT\n/zqxzqj.*weather/ X\n");
    options_.table.spec = "pcre:" + table_;
    options_.rounds = 2;
    options_.least_seconds = 0;
  }

  void add(const std::string& message) { peers::add_message(mail_, message); }

  void add_messages(int count) {
    for (int i = 0; i < count; ++i)
      add("Subject: message " + std::to_string(i) + "\n\nline " + std::to_string(i) +
          " of zqxzqj\nand free money\nour village scale\n");
  }

  Result<TuneReport> run() {
    return tune(options_, mail_, programs_, [](double share, std::string_view) {
      EXPECT_GE(share, 0);
      EXPECT_LE(share, 1);
    });
  }

  SystemEnv env_;
  testing_support::ScratchDirectory directory_;
  std::string table_ = directory_.path() + "/table";
  rules::ImageSettings settings_;
  store::ImageSource programs_;
  peers::MailKeys mail_;
  TuneOptions options_;
};

TEST_F(Tune, TheHalvesHaveNothingInCommon) {
  add_messages(20);
  const Halves halves = halves_of(mail_.messages(), peers::KeyKind::body, 1'000'000, 1);
  EXPECT_TRUE(halves.measured.body_lines);
  EXPECT_EQ(halves.measured.texts.size(), 30U);
  EXPECT_EQ(halves.tried.texts, 30U);
  const std::set<std::string> measured(halves.measured.texts.begin(), halves.measured.texts.end());
  std::size_t others = 0;
  for (const peers::Section& section : halves.tried.sections) {
    EXPECT_EQ(measured.count(std::string(section.texts.front())), 0U);
    ++others;
  }
  EXPECT_EQ(others, 10U);
  EXPECT_LT(halves_of(mail_.messages(), peers::KeyKind::body, 100, 1).measured_bytes, 200U);
}

TEST_F(Tune, OneMessageIsCutInTwo) {
  add_messages(1);
  const Halves halves = halves_of(mail_.messages(), peers::KeyKind::body, 1'000'000, 1);
  EXPECT_EQ(halves.measured.texts,
            (std::vector<std::string>{"line 0 of zqxzqj", "and free money"}));
  ASSERT_EQ(halves.tried.sections.size(), 1U);
  EXPECT_EQ(halves.tried.sections[0].bytes, "our village scale\n");
  EXPECT_EQ(halves.tried.texts, 1U);
}

TEST_F(Tune, TheFastestTakesThePlaceOfTheTablesImage) {
  add_messages(40);
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->tried.size(), 4U);
  EXPECT_EQ(report->kind, peers::KeyKind::body);
  EXPECT_EQ(report->hits, 20U);
  for (const Tried& tried : report->tried) {
    EXPECT_EQ(tried.problem, "");
    EXPECT_EQ(tried.nanoseconds.size(), 2U);
  }
  EXPECT_EQ(programs_.settings().directory, settings_.directory);
  const auto loaded = programs_.load(rules::Dialect::pcre, table_);
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->wants_build);
  EXPECT_EQ(loaded->full->plan().measured, report->tried[report->kept].measured
                                               ? rules::MeasuredOn::body_lines
                                               : rules::MeasuredOn::nothing);
  EXPECT_THAT(as_text(*report), HasSubstr("  kept\n"));
  EXPECT_THAT(as_text(*report), HasSubstr("measured on 60 body lines"));
  const auto facts = as_facts(*report);
  EXPECT_EQ(facts["kept"], report->tried[report->kept].name);
  EXPECT_EQ(facts["tried"].size(), 4U);
}

// Changes the table while it is built for the second time.
class Editor final : public store::Builder {
 public:
  Editor(const Env& env, std::string table) : real_(env), table_(std::move(table)) {}

  Result<void> build(rules::Dialect dialect, const std::string& name,
                     const rules::ImageSettings& settings,
                     const std::atomic<bool>& cancelled) override {
    if (++builds_ == 2) testing_support::write_contents(table_, "/./ REJECT all\n");
    return real_.build(dialect, name, settings, cancelled);
  }

 private:
  store::InProcessBuilder real_;
  std::string table_;
  int builds_ = 0;
};

TEST_F(Tune, OfATableThatChangesMeanwhileNothingIsKept) {
  add_messages(4);
  store::ImageSource programs({}, std::make_unique<Editor>(env_, table_), env_);
  programs.configure(settings_);
  const auto report = tune(options_, mail_, programs, [](double, std::string_view) {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::unavailable);
  EXPECT_EQ(report.error().what, "the table changed while it was tuned");
  EXPECT_TRUE(!std::filesystem::exists(settings_.directory) ||
              std::filesystem::is_empty(settings_.directory));
}

TEST_F(Tune, WhatIsNoFileIsNotTuned) {
  add_messages(4);
  options_.table.spec = "pcre:/dev/null";
  const auto report = run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().what, "only a table in a file can be tuned");
}

TEST_F(Tune, PastItsTimeNothingMoreIsBuilt) {
  add_messages(4);
  options_.limit = std::chrono::seconds(0);
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->kept, 0U);
  EXPECT_EQ(report->tried[1].problem, "the time was over");
}

TEST_F(Tune, WhatCannotBeDoneIsSaid) {
  EXPECT_EQ(run().error().code, Code::not_found) << "no mail";
  add("Subject: x\n\n");
  EXPECT_EQ(run().error().text(),
            options_.table.spec + ": the mail has no body lines to measure on");
  add_messages(4);
  testing_support::write_contents(table_, "");
  EXPECT_EQ(run().error().code, Code::invalid);
  settings_.directory = "";
  programs_.configure(settings_);
  EXPECT_EQ(run().error().code, Code::unavailable);
}

}  // namespace
}  // namespace headgate::bench
