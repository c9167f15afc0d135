// A source that is told what to answer: what is read again, when, and what stays when that fails.
#include "smtpd/cli/table_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/rules/program_lookup.h"
#include "tests/smtpd/cli/fake_source.h"
#include "tests/support/fake_env.h"

namespace headgate::cli {
namespace {

using rules::Dialect;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::FakeSource;

class TableStoreTest : public testing::Test {
 protected:
  TableStoreTest() {
    std::string name = testing::TempDir() + "table_store_XXXXXX";
    directory_ = ::mkdtemp(name.data());
    path_ = directory_ + "/table";
    write("one");
  }

  ~TableStoreTest() override { std::filesystem::remove_all(directory_); }

  // By rename: another inode each time, so that no clock matters.
  void write(const std::string& text) const {
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  // The table's text and, behind it, its warnings; or the error.
  std::string load() {
    const auto table = store_.load(Dialect::pcre, path_);
    if (!table) return "error: " + table.error().what;
    std::string text = table->full->rules().at(0).value_text;
    for (const Diagnostic& diagnostic : table->diagnostics) text += "; " + diagnostic.text;
    return text;
  }

  std::string directory_, path_;
  FakeSource source_;
  testing_support::FakeEnv env_;
  TableStore store_{source_, env_};
};

TEST_F(TableStoreTest, ATableIsReadOnceAndWarnsOnce) {
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_EQ(load(), "one");
  write("two");
  EXPECT_EQ(load(), "one");  // not before a round
  EXPECT_EQ(source_.loads, 1);
}

TEST_F(TableStoreTest, AReloadReadsEveryTableOnce) {
  load();
  write("two");
  store_.begin_reload();
  EXPECT_EQ(load(), "two; warned of two");
  EXPECT_EQ(load(), "two");
  store_.end_round();
  EXPECT_EQ(source_.loads, 2);
}

TEST_F(TableStoreTest, AReloadOfATableThatIsGoneIsAnErrorAndTheOldOneStays) {
  load();
  std::filesystem::remove(path_);
  store_.begin_reload();
  EXPECT_THAT(load(), testing::StartsWith("error: open "));
  EXPECT_THAT(load(), testing::StartsWith("error: open "));
  store_.end_round();
  EXPECT_EQ(load(), "one");
  EXPECT_EQ(store_.tables().at(0).problem.substr(0, 5), "open ");
}

TEST_F(TableStoreTest, AChangedFileIsReadWhenItHasBeenTheSameForTwoLooks) {
  load();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  write("half");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  write("whole");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_EQ(load(), "one");
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "whole; warned of whole");
  const auto changes = store_.end_round();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].name, "pcre:" + path_);
  EXPECT_FALSE(changes[0].failed);
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

TEST_F(TableStoreTest, AFileThatIsWrittenWhileItIsReadIsReadAgain) {
  load();
  write("half");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  source_.while_loading = [this] { write("whole"); };
  EXPECT_EQ(load(), "one");
  EXPECT_THAT(store_.end_round(), IsEmpty());
  source_.while_loading = nullptr;
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "whole; warned of whole");
}

TEST_F(TableStoreTest, AFileThatGoesLeavesTheLastGoodTableWithOneWarning) {
  load();
  std::filesystem::remove(path_);
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(),
            "one; pcre:" + path_ + ": open " + path_ +
                ": No such file or directory; the table that was loaded before stays in force");
  EXPECT_EQ(load(), "one");
  EXPECT_TRUE(store_.end_round().at(0).failed);
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  write("back");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "back; warned of back");
  EXPECT_EQ(store_.tables().at(0).problem, "");
}

TEST_F(TableStoreTest, ATableThatWasMissingAtTheStartIsTakenWhenItComes) {
  std::filesystem::remove(path_);
  EXPECT_THAT(load(), testing::StartsWith("error: open "));
  EXPECT_THAT(load(), testing::StartsWith("error: open "));
  EXPECT_EQ(source_.loads, 1);
  write("new");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "new; warned of new");
}

TEST_F(TableStoreTest, TextsAreKeptAsTablesAre) {
  EXPECT_EQ(store_.read_text(path_, 0).value(), "one");
  write("two");
  EXPECT_EQ(store_.read_text(path_, 0).value(), "one");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(store_.read_text(path_, 0).value(), "two");
}

TEST_F(TableStoreTest, ABuiltTableIsReadAgainWithoutItsWarnings) {
  source_.wants_build = true;
  load();
  EXPECT_EQ(store_.tables().at(0).without_database, "its database waits to be built");
  const auto wanted = store_.next_build();
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->name, path_);
  EXPECT_EQ(store_.tables().at(0).without_database, "its database is being built");
  EXPECT_FALSE(store_.next_build());
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  const std::atomic<bool> cancelled{false};
  store_.built(*wanted, store_.build(wanted->dialect, wanted->name, cancelled));
  EXPECT_THAT(store_.mark_changed(false), ElementsAre(path_));
  EXPECT_EQ(load(), "one");
  EXPECT_TRUE(store_.end_round().at(0).rebuilt);
  EXPECT_FALSE(store_.next_build());
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

TEST_F(TableStoreTest, ABuildThatFailsIsTriedAgainForANewTextOrAtAReloadOnly) {
  source_.wants_build = true;
  source_.build_error = "killed";
  load();
  const auto build = [this] {
    const auto wanted = store_.next_build();
    if (!wanted) return false;
    store_.built(*wanted, source_.build(wanted->dialect, wanted->name, false));
    return true;
  };
  EXPECT_TRUE(build());
  EXPECT_EQ(store_.tables().at(0).without_database, "killed");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_FALSE(build());
  store_.begin_reload();
  load();
  store_.end_round();
  EXPECT_TRUE(build());
  EXPECT_FALSE(build());
  write("two");
  store_.mark_changed();
  store_.mark_changed();
  load();
  store_.end_round();
  EXPECT_TRUE(build());
  EXPECT_EQ(source_.builds, 3);
}

TEST_F(TableStoreTest, ABuildThatChangesNothingDoesNotRepeatForEver) {
  source_.wants_build = true;
  load();
  const auto wanted = store_.next_build();
  store_.built(*wanted, Result<void>());  // but the image is not there
  store_.mark_changed();
  load();
  EXPECT_TRUE(store_.end_round().at(0).unusable);
  EXPECT_FALSE(store_.next_build());
  EXPECT_EQ(store_.tables().at(0).without_database, "what was built could not be used");
}

TEST_F(TableStoreTest, ATextThatChangesDuringItsBuildIsBuiltAgain) {
  source_.wants_build = true;
  load();
  const auto wanted = store_.next_build();
  write("two");
  store_.begin_reload();
  load();
  store_.end_round();
  EXPECT_FALSE(store_.next_build());  // one at a time
  store_.built(*wanted, Result<void>());
  EXPECT_TRUE(store_.next_build());
}

TEST_F(TableStoreTest, AnImageThatIsGoneIsBuiltAgainAtAReload) {
  source_.wants_build = true;
  load();
  const auto build = [this] {
    const auto wanted = store_.next_build();
    if (!wanted) return false;
    store_.built(*wanted, source_.build(wanted->dialect, wanted->name, false));
    store_.mark_changed();
    load();
    store_.end_round();
    return true;
  };
  EXPECT_TRUE(build());
  EXPECT_FALSE(build());
  source_.wants_build = true;  // damaged, or removed
  store_.begin_reload();
  load();
  store_.end_round();
  EXPECT_TRUE(build());
  EXPECT_FALSE(build());
}

// The builder reads the file itself: it may have built a text that is still being written.
TEST_F(TableStoreTest, TheEndOfABuildIsNoReasonToTakeATextThatWasNotLookedAtTwice) {
  source_.wants_build = true;
  load();
  const auto wanted = store_.next_build();
  write("half");
  store_.built(*wanted, Result<void>());
  EXPECT_THAT(store_.mark_changed(false), ElementsAre(path_));
  EXPECT_EQ(load(), "one");
  EXPECT_THAT(store_.end_round(), IsEmpty());
  write("two, whole");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "two, whole; warned of two, whole");
  store_.end_round();
  EXPECT_TRUE(store_.next_build());
}

TEST_F(TableStoreTest, ABuildThatEndsWhileItsTableIsReadIsUsedByTheNextRound) {
  source_.wants_build = true;
  load();
  const auto wanted = store_.next_build();
  store_.begin_reload();
  source_.while_loading = [&] { store_.built(*wanted, Result<void>()); };  // too late for this one
  load();
  store_.end_round();
  source_.while_loading = nullptr;
  source_.wants_build = false;
  EXPECT_EQ(store_.tables().at(0).without_database, "its database is being built");
  EXPECT_THAT(store_.mark_changed(false), ElementsAre(path_));
  load();
  const auto changes = store_.end_round();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].rebuilt && !changes[0].unusable);
  EXPECT_FALSE(store_.next_build());
}

TEST_F(TableStoreTest, WhatAReloadDoesNotAskForGoes) {
  load();
  store_.begin_reload();
  store_.end_round(true);
  EXPECT_THAT(store_.tables(), IsEmpty());
}

TEST_F(TableStoreTest, HitsAreCountedAndKeptOverAReload) {
  const auto hit = [this] {
    const auto table = store_.load(Dialect::pcre, path_);
    rules::ProgramLookup lookup(table->full, "pcre:x", nullptr, rules::Path::scan,
                                table->count_into.get());
    return lookup.find("four").has_value();
  };
  EXPECT_TRUE(hit());
  store_.begin_reload();
  EXPECT_TRUE(hit());
  store_.end_round(true);
  const auto counts = store_.tables().at(0).counts;
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].hits, 2U);
  EXPECT_EQ(counts[0].bytes, 8U);
  EXPECT_EQ(counts[0].value, "one");
}

}  // namespace
}  // namespace headgate::cli
