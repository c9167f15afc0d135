// The answers and warnings are those of postmap(1) 3.7 for the same file.
#include "tables/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace headgate::tables {

namespace {

using testing::ElementsAre;

class TextTable : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "texthash_" + info->name();
  }

  void TearDown() override { std::filesystem::remove(path_); }

  void open(std::string_view text, const OpenOptions& options = {}) {
    std::ofstream(path_, std::ios::binary) << text;
    auto table = open_text_table("texthash:" + path_, path_, sink(), options);
    ASSERT_TRUE(table) << table.error().text();
    table_ = std::move(*table);
  }

  // Warnings are kept without the path that they begin with.
  WarningSink sink() {
    return [this](const Diagnostic& d) { warnings_.push_back(d.text.substr(path_.size())); };
  }

  std::string ask(std::string_view key) {
    const auto found = table_->find(key);
    if (!found) return found.error().text();
    return *found ? (*found)->value : "(none)";
  }

  std::string path_;
  std::unique_ptr<Lookup> table_;
  std::vector<std::string> warnings_;
};

TEST_F(TextTable, KeyThenValueOnLogicalLines) {
  open("A 1\nb\tx  y \nc one\n# remark\n   two\nL  m  \t\n");
  EXPECT_EQ(ask("a"), "1");
  EXPECT_EQ(ask("A"), "1");
  EXPECT_EQ(ask("b"), "x  y");
  EXPECT_EQ(ask("c"), "one   two");
  EXPECT_EQ(ask("l"), "m");
  EXPECT_EQ(ask("x"), "(none)");
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(TextTable, TheFirstOfTwoStays) {
  OpenOptions options;
  options.duplicates = true;
  open("b x\nB 2\na: 1\na: 1\n", options);
  EXPECT_EQ(ask("b"), "x");
  const std::string alias = ": record is in \"key: value\" format; is this an alias file?";
  EXPECT_THAT(warnings_, ElementsAre(", line 2: duplicate entry: \"B\"", ", line 3" + alias,
                                     ", line 4" + alias, ", line 4: duplicate entry: \"a:\""));
}

TEST_F(TextTable, ToADaemonADuplicateIsAnError) {
  std::ofstream(path_) << "Subject: x\nb 1\nSubject: y\n";
  const auto table = open_text_table("texthash:" + path_, path_, sink(), OpenOptions{});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().text(), path_ + ", line 3: duplicate entry: \"Subject:\"");
}

// As a store that keeps the last good text: it knows by the form's check which was good.
class Keeper final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string&) override {
    return fail(Code::bug, "no programs here");
  }

  Result<std::string> read_text(const std::string&, std::size_t,
                                const rules::TextForm& form) override {
    forms.push_back(form.name);
    if (form.check) TRY_OK(form.check(text));
    return text;
  }

  std::string text;
  std::vector<std::string> forms;
};

TEST_F(TextTable, ADuplicateIsFoundWithinTheReading) {
  Keeper keeper;
  keeper.text = "k\nb 1\nB 2\n";
  OpenOptions options;
  const auto folded = open_text_table("texthash:" + path_, path_, sink(), options, &keeper);
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().text(), path_ + ", line 3: duplicate entry: \"B\"");
  const std::string bad_line =
      ", line 1: expected format: key whitespace value -- ignoring this line";
  EXPECT_THAT(warnings_, ElementsAre(bad_line));
  options.fold = false;
  EXPECT_TRUE(open_text_table("texthash:" + path_, path_, sink(), options, &keeper));
  EXPECT_THAT(warnings_, ElementsAre(bad_line, bad_line));
  options.duplicates = true;
  EXPECT_TRUE(open_text_table("texthash:" + path_, path_, sink(), options, &keeper));
  EXPECT_THAT(keeper.forms, ElementsAre("texthash folded", "texthash", ""));
}

TEST_F(TextTable, QuotesAndBackslashesStayInTheKey) {
  open("\"q k\" v\n\"u\\\"n\" z\na\\ b c\nz\"z\"z q\n");
  EXPECT_EQ(ask("\"q k\""), "v");
  EXPECT_EQ(ask("q k"), "(none)");
  EXPECT_EQ(ask("\"u\\\"n\""), "z");
  EXPECT_EQ(ask("a\\ b"), "c");
  EXPECT_EQ(ask("z\"z\"z"), "q");
}

TEST_F(TextTable, BadLinesAreWarnedAboutAndSkipped) {
  open("k\n\"bad y\nd: e\n:y z\nn\\\n");
  EXPECT_EQ(ask("k"), "(none)");
  EXPECT_EQ(ask("d:"), "e");
  EXPECT_EQ(ask(":y"), "z");
  EXPECT_THAT(warnings_,
              ElementsAre(", line 1: expected format: key whitespace value -- ignoring this line",
                          ", line 2: unbalanced '\"' in '\"bad y' -- ignoring this line",
                          ", line 3: record is in \"key: value\" format; is this an alias file?",
                          ", line 5: expected format: key whitespace value -- ignoring this line"));
}

TEST_F(TextTable, ALineEmptyBeforeItsNulIsABadLine) {
  open(std::string_view("\0x y\nk v\0w\n", 11));
  EXPECT_EQ(ask("k"), "v");
  EXPECT_THAT(warnings_,
              ElementsAre(", line 1: expected format: key whitespace value -- ignoring this line"));
}

TEST_F(TextTable, Utf8IsCheckedOnlyWhereAsked) {
  OpenOptions options;
  open("k \xff\n", options);
  EXPECT_EQ(ask("k"), "\xff");
  EXPECT_THAT(warnings_, ElementsAre());
  options.utf8 = true;
  open("k \xff\n", options);
  EXPECT_EQ(ask("k"), "(none)");
  EXPECT_THAT(warnings_, ElementsAre(", line 1: non-UTF-8 input \"k \xff\" -- ignoring this line"));
}

TEST_F(TextTable, WithoutFoldingTheCaseCounts) {
  OpenOptions options;
  options.fold = false;
  open("A 1\na 2\n", options);
  EXPECT_EQ(ask("A"), "1");
  EXPECT_EQ(ask("a"), "2");
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(TextTable, AMissingFileIsAnError) {
  const auto table = open_text_table("texthash:" + path_, path_, sink(), OpenOptions{});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, Code::not_found);
  EXPECT_EQ(table.error().text(), "open database " + path_ + ": No such file or directory");
}

}  // namespace

}  // namespace headgate::tables
