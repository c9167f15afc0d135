// A source that is told what to answer: what is read again, when, and what stays when that fails.
#include "smtpd/cli/table_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/rules/program_lookup.h"
#include "tables/map_maker.h"
#include "tables/open.h"
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

  // The table's text and, behind it, its warning; or the error.
  std::string load() {
    const auto table = store_.load(Dialect::pcre, path_);
    if (!table) return "error: " + table.error().what;
    std::string text = table->full->rules().at(0).value_text;
    for (const Diagnostic& diagnostic : table->diagnostics) text += "; " + diagnostic.text;
    return text;
  }

  Result<std::string> text(const std::string& path, const rules::TextForm& form = {}) {
    return store_.read_text(path, 0, form);
  }

  // As a texthash: that has a key twice.
  [[nodiscard]] rules::TextForm not_bad() const {
    const auto check = [this](std::string_view text) -> Result<void> {
      if (text.find("bad") == std::string_view::npos) return {};
      return fail(Code::invalid, path_ + ", line 1: " + std::string(text));
    };
    return {"not bad", check};
  }

  void look_until_marked() {
    int looks = 1;
    while (store_.mark_changed().empty() && looks < 20) ++looks;
    EXPECT_LE(looks, 16);
  }

  std::string directory_, path_;
  FakeSource source_;
  testing_support::FakeEnv env_;
  std::vector<std::string> new_texts_;
  TableStore store_{source_, env_, [this](const std::string& name) { new_texts_.push_back(name); }};
};

// Each of the programs that open it says its warnings.
TEST_F(TableStoreTest, ATableIsReadOnceAndAlwaysWarns) {
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_EQ(load(), "one; warned of one");
  write("two");
  EXPECT_EQ(load(), "one; warned of one");  // not before a round
  EXPECT_EQ(source_.loads, 1);
}

TEST_F(TableStoreTest, AReloadReadsEveryTableOnce) {
  load();
  write("two");
  store_.begin_reload();
  EXPECT_EQ(load(), "two; warned of two");
  EXPECT_EQ(load(), "two; warned of two");
  store_.end_round();
  EXPECT_EQ(source_.loads, 2);
}

TEST_F(TableStoreTest, ItTellsNewTextsAndNotWhatWasReadAgainOrIsGone) {
  source_.wants_build = true;
  load();
  const auto wanted = store_.next_build();
  store_.built(*wanted, store_.build(wanted->dialect, wanted->name, false));
  store_.mark_changed();
  load();
  EXPECT_TRUE(store_.end_round().at(0).rebuilt);
  const auto change = [this] {
    store_.mark_changed();
    EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
    load();
    load();
    store_.end_round();
  };
  std::filesystem::remove(path_);
  change();
  EXPECT_THAT(new_texts_, IsEmpty());
  write("two");
  change();
  EXPECT_THAT(new_texts_, ElementsAre(path_));
}

TEST_F(TableStoreTest, AReloadOfATableThatIsGoneIsAnErrorAndTheOldOneStays) {
  load();
  std::filesystem::remove(path_);
  store_.begin_reload();
  EXPECT_THAT(load(), testing::StartsWith("error: open "));
  EXPECT_THAT(load(), testing::StartsWith("error: open "));
  store_.abandon_round();
  EXPECT_EQ(load(), "one; warned of one");
}

TEST_F(TableStoreTest, ARefusedReloadLeavesEverythingAsItWas) {
  const std::string second = directory_ + "/second", third = directory_ + "/third";
  std::ofstream(second) << "second";
  load();
  EXPECT_TRUE(text(second));
  const auto before = store_.tables();
  write("two");
  std::ofstream(third) << "third";
  store_.begin_reload();
  EXPECT_EQ(load(), "two; warned of two");
  EXPECT_TRUE(store_.load(Dialect::pcre, third));
  EXPECT_EQ(store_.tables().size(), 2U);  // neither the new one nor the new text is in force yet
  store_.abandon_round();                 // before anybody asked for the second
  const auto after = store_.tables();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[1].name, before[1].name);
  EXPECT_EQ(after[1].counts.at(0).value, "one");
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_EQ(text(second).value(), "second");
}

TEST_F(TableStoreTest, CountsAndWatchAndLastGoodOneOutliveARefusedReload) {
  const auto hit = [this] {
    const auto table = store_.load(Dialect::pcre, path_);
    rules::ProgramLookup lookup(table->full, "pcre:x", nullptr, rules::Path::scan,
                                table->count_into.get());
    return lookup.find("four").has_value();
  };
  EXPECT_TRUE(hit());
  write("two");
  store_.begin_reload();
  load();
  store_.abandon_round();
  EXPECT_TRUE(hit());
  EXPECT_EQ(store_.tables().at(0).counts.at(0).hits, 2U);
  std::filesystem::remove(path_);
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_NE(store_.end_round().at(0).problem, "");
  EXPECT_EQ(store_.tables().at(0).counts.at(0).hits, 2U);
}

TEST_F(TableStoreTest, AChangeWhoseRoundWasAbandonedIsFoundAgain) {
  load();
  write("two");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  load();
  store_.abandon_round();
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "two; warned of two");
}

TEST_F(TableStoreTest, ATableThatIsTakenAlthoughItIsGoneFails) {
  load();
  std::filesystem::remove(path_);
  store_.begin_reload();
  load();
  store_.end_round();  // of a set in which it failed before
  EXPECT_THAT(load(), testing::StartsWith("error: open "));
  const auto table = store_.tables().at(0);
  EXPECT_THAT(table.problem, testing::StartsWith("open "));
  EXPECT_EQ(table.loaded, WallTime());
}

TEST_F(TableStoreTest, AChangedFileIsReadWhenItHasBeenTheSameForTwoLooks) {
  load();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  write("half");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  write("whole");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "whole; warned of whole");
  const auto changes = store_.end_round();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].name, "pcre:" + path_);
  EXPECT_EQ(changes[0].problem, "");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

// As "cp -p" over it, or an editor that keeps the time.
TEST_F(TableStoreTest, AChangeOfTheSameSizeWhoseTimeWasPutBackIsSeen) {
  load();
  const auto time = std::filesystem::last_write_time(path_);
  const FileStamp before = stamp_of(path_);
  while (stamp_of(path_).inode_changed_ns ==
         before.inode_changed_ns) {  // until the clock has ticked
    std::ofstream(path_) << "two";
    std::filesystem::last_write_time(path_, time);
  }
  EXPECT_EQ(stamp_of(path_).changed_ns, before.changed_ns);
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "two; warned of two");
}

TEST_F(TableStoreTest, AFileThatIsWrittenWhileItIsReadIsReadAgain) {
  load();
  write("half");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  source_.while_loading = [this] { write("whole"); };
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_THAT(store_.end_round(), IsEmpty());
  source_.while_loading = nullptr;
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "whole; warned of whole");
}

TEST_F(TableStoreTest, AFileThatGoesLeavesTheLastGoodTableAndIsToldOnce) {
  load();
  std::filesystem::remove(path_);
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_EQ(load(), "one; warned of one");
  const auto changes = store_.end_round();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].name, "pcre:" + path_);
  EXPECT_EQ(changes[0].problem, "open " + path_ + ": No such file or directory");
  EXPECT_THAT(store_.tables().at(0).problem, testing::StartsWith("open "));
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  write("back");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "back; warned of back");
  store_.end_round();
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

const Error kNoDescriptor{Code::unavailable, "Too many open files", ""};

TEST_F(TableStoreTest, AReadingThatFailsForAPassingReasonIsTriedEverMoreSeldomAndToldOnce) {
  load();
  write("two");
  store_.mark_changed();
  source_.load_error = kNoDescriptor;
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(load(), "one; warned of one");
  const auto changes = store_.end_round();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].problem, "Too many open files");
  std::vector<int> tried;
  for (int look = 1; look <= 80; ++look) {
    if (store_.mark_changed().empty()) continue;
    tried.push_back(look);
    EXPECT_EQ(load(), "one; warned of one");
    EXPECT_THAT(store_.end_round(), IsEmpty());
  }
  EXPECT_THAT(tried, ElementsAre(1, 3, 7, 15, 31, 47, 63, 79));
  source_.load_error->what = "no process to try it in";
  look_until_marked();
  load();
  EXPECT_EQ(store_.end_round().at(0).problem, "no process to try it in");
  source_.load_error.reset();
  look_until_marked();
  EXPECT_EQ(load(), "two; warned of two");
  EXPECT_EQ(store_.end_round().at(0).problem, "");
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

TEST_F(TableStoreTest, WhatTheTextIsDoesNotPass) {
  load();
  write("two");
  store_.mark_changed();
  source_.load_error = Error{Code::limit, "file too large", path_};
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  load();
  EXPECT_EQ(store_.end_round().size(), 1U);
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

TEST_F(TableStoreTest, ATableThatFailedAtTheStartForAPassingReasonIsTriedAgain) {
  const std::string in_line = "{ {/x/ REJECT} }";  // has no file that could change
  const auto load_in_line = [&] { return store_.load(Dialect::regexp, in_line).has_value(); };
  source_.load_error = kNoDescriptor;
  EXPECT_EQ(load(), "error: Too many open files");
  EXPECT_FALSE(load_in_line());
  EXPECT_THAT(store_.mark_changed(false), IsEmpty());
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_, in_line));
  EXPECT_EQ(load(), "error: Too many open files");
  EXPECT_FALSE(load_in_line());
  store_.end_round();
  source_.load_error.reset();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_, in_line));
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_TRUE(load_in_line());
  store_.end_round();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

TEST_F(TableStoreTest, ABuiltTableThatCannotBeReadNowIsReadAgain) {
  source_.wants_build = true;
  load();
  const auto wanted = store_.next_build();
  store_.built(*wanted, store_.build(wanted->dialect, wanted->name, false));
  source_.load_error = kNoDescriptor;
  EXPECT_THAT(store_.mark_changed(false), ElementsAre(path_));
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_EQ(store_.end_round().at(0).problem, "Too many open files");
  source_.load_error.reset();
  EXPECT_THAT(store_.mark_changed(false), ElementsAre(path_));
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_TRUE(store_.end_round().at(0).rebuilt);
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

TEST_F(TableStoreTest, AFileThatGoesAfterItWasFoundHalfWrittenIsTold) {
  load();
  write("half");
  store_.mark_changed();
  store_.mark_changed();
  source_.while_loading = [this] { write("whole"); };
  EXPECT_EQ(load(), "one; warned of one");
  EXPECT_THAT(store_.end_round(), IsEmpty());
  source_.while_loading = nullptr;
  std::filesystem::remove(path_);
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  load();
  EXPECT_THAT(store_.end_round().at(0).problem, testing::StartsWith("open "));
}

TEST(TableNames, InlineTablesAreShortenedInLines) {
  EXPECT_EQ(short_name("pcre:{ {/x/ REJECT} }"), "pcre:{ {/x/ REJECT} }");
  const std::string path = "pcre:/" + std::string(300, 'x');
  EXPECT_EQ(short_name(path), path);
  const std::string long_one = "{ {/" + std::string(3000, 'x') + "/ REJECT} }";
  EXPECT_EQ(short_name(long_one), long_one.substr(0, 100) + "...");
  EXPECT_EQ(short_name("pcre:" + long_one).size(), 103U);
  const std::string umlaut = "{" + std::string(98, 'x') + "\xC3\xA4" + std::string(9, 'x');
  EXPECT_EQ(short_name(umlaut), umlaut.substr(0, 99) + "...");
  EXPECT_EQ(reason_of(Error{Code::limit, "killed", long_one}, long_one), "killed");
  EXPECT_EQ(reason_of(Error{Code::limit, "building \"" + long_one + "\" was killed", ""}, long_one),
            "building \"" + short_name(long_one) + "\" was killed");
}

TEST_F(TableStoreTest, TextsAreKeptAsTablesAre) {
  EXPECT_EQ(text(path_).value(), "one");
  write("two");
  EXPECT_EQ(text(path_).value(), "one");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(text(path_).value(), "two");
  store_.end_round();
  std::filesystem::remove(path_);
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(text(path_).value(), "two");
  EXPECT_THAT(store_.end_round().at(0).problem, testing::StartsWith("open "));
}

TEST_F(TableStoreTest, ATextThatItsFormRefusesLeavesTheLastGoodOneAndIsToldOnce) {
  EXPECT_EQ(text(path_, not_bad()).value(), "one");
  write("bad");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(text(path_, not_bad()).value(), "one");
  EXPECT_EQ(text(path_, not_bad()).value(), "one");
  const auto changes = store_.end_round();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].name, path_);
  EXPECT_EQ(changes[0].problem, path_ + ", line 1: bad");
  EXPECT_EQ(store_.tables().at(0).problem, path_ + ", line 1: bad");
  EXPECT_THAT(new_texts_, IsEmpty());
  EXPECT_THAT(store_.mark_changed(), IsEmpty());

  store_.begin_reload();
  const auto refused = text(path_, not_bad());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid);
  store_.abandon_round();
  EXPECT_EQ(text(path_, not_bad()).value(), "one");

  write("good");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(text(path_, not_bad()).value(), "good");
  EXPECT_EQ(store_.end_round().at(0).problem, "");
  EXPECT_EQ(store_.tables().at(0).problem, "");
}

TEST_F(TableStoreTest, ATextThatItsFormRefusesAtTheStartIsAnErrorUntilItChanges) {
  write("bad");
  EXPECT_FALSE(text(path_, not_bad()));
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_FALSE(text(path_, not_bad()));
  write("good");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(text(path_, not_bad()).value(), "good");
}

TEST_F(TableStoreTest, EachFormOfATextHasItsOwnLastGoodOneAndOneLine) {
  const auto both = [this] { return text(path_).value() + ", " + text(path_, not_bad()).value(); };
  EXPECT_EQ(both(), "one, one");
  EXPECT_EQ(store_.tables().size(), 1U);
  write("bad");
  store_.mark_changed();
  store_.mark_changed();
  EXPECT_EQ(both(), "bad, one");
  EXPECT_EQ(store_.end_round().size(), 2U);  // one has changed, one stays
  ASSERT_EQ(store_.tables().size(), 1U);
  EXPECT_EQ(store_.tables()[0].problem, path_ + ", line 1: bad");
  write("two");
  store_.mark_changed();
  store_.mark_changed();
  EXPECT_EQ(both(), "two, two");
  EXPECT_EQ(store_.end_round().size(), 1U);
}

TEST_F(TableStoreTest, ATextThatIsWrittenWhileItIsReadIsNotToldAsBad) {
  EXPECT_EQ(text(path_, not_bad()).value(), "one");
  write("bad");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  rules::TextForm slow = not_bad();
  slow.check = [this, check = slow.check](std::string_view text) {
    write("whole");
    return check(text);
  };
  EXPECT_EQ(text(path_, slow).value(), "one");
  EXPECT_THAT(store_.end_round(), IsEmpty());
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ(text(path_, not_bad()).value(), "whole");
}

TEST_F(TableStoreTest, AMappedFileIsSharedAndReplaced) {
  const rules::DataForm form{"cdb", false, false, nullptr};
  const auto first = store_.data_file(path_, form);
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)->bytes(), "one");
  EXPECT_EQ(store_.data_file(path_, form)->get(), first->get());
  write("two");
  EXPECT_EQ(store_.data_file(path_, form)->get(), first->get());
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ((*store_.data_file(path_, form))->bytes(), "two");
  EXPECT_EQ(store_.end_round().size(), 1U);
  EXPECT_EQ((*first)->bytes(), "one");  // for whoever has it still
}

TEST_F(TableStoreTest, AMappedFileThatIsAnotherAtEachLookIsTakenAtEach) {
  const rules::DataForm form{"cdb", false, false, nullptr};
  ASSERT_TRUE(store_.data_file(path_, form));
  for (const std::string& text : {std::string("two"), std::string("three"), std::string("four")}) {
    write(text);
    EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
    EXPECT_EQ((*store_.data_file(path_, form))->bytes(), text);
    store_.end_round();
  }
}

TEST_F(TableStoreTest, AMappedFileThatIsWrittenOverIsTakenWhenItIsAtRest) {
  const rules::DataForm form{"cdb", false, false, nullptr};
  ASSERT_TRUE(store_.data_file(path_, form));
  std::ofstream(path_) << "written over";
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ((*store_.data_file(path_, form))->bytes(), "written over");
  store_.end_round();
}

TEST_F(TableStoreTest, AMappedFileThatIsNoneLeavesTheLastGoodOne) {
  rules::DataForm form{"cdb", false, false, nullptr};
  form.check = [](std::string_view bytes) -> Result<void> {
    if (bytes != "bad") return {};
    return fail(Code::corrupt, "damaged");
  };
  ASSERT_TRUE(store_.data_file(path_, form));
  write("bad");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ((*store_.data_file(path_, form))->bytes(), "one");
  const auto changes = store_.end_round();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].problem, "damaged");
  EXPECT_EQ((*store_.data_file(path_, form))->bytes(), "one");
}

TEST_F(TableStoreTest, AFileThatIsChangedInPlaceIsNotAChange) {
  const rules::DataForm form{"lmdb", true, false, nullptr};
  ASSERT_TRUE(store_.data_file(path_, form));
  std::ofstream(path_) << "in place";
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  write("another");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ((*store_.data_file(path_, form))->bytes(), "another");
  store_.end_round();
}

TEST_F(TableStoreTest, AFileThatWasNoneAndIsFilledInPlaceIsTaken) {
  rules::DataForm form{"lmdb", true, false, nullptr};
  form.check = [](std::string_view bytes) -> Result<void> {
    if (bytes == "good") return {};
    return fail(Code::corrupt, "damaged");
  };
  EXPECT_FALSE(store_.data_file(path_, form));
  std::ofstream(path_) << "good";
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  EXPECT_EQ((*store_.data_file(path_, form))->bytes(), "good");
  store_.end_round();
  std::ofstream(path_) << "changed in place";
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

TEST_F(TableStoreTest, AFileThatCameInPlaceOfOneInUseAndIsFilledLaterIsTaken) {
  rules::DataForm form{"lmdb", true, false, nullptr};
  form.check = [](std::string_view bytes) -> Result<void> {
    if (bytes != "half") return {};
    return fail(Code::corrupt, "damaged");
  };
  const auto look_and_read = [&]() -> std::string {
    store_.mark_changed();
    EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
    std::string text((*store_.data_file(path_, form))->bytes());
    store_.end_round();
    return text;
  };
  ASSERT_TRUE(store_.data_file(path_, form));
  write("half");
  EXPECT_EQ(look_and_read(), "one");
  store_.mark_changed();
  EXPECT_EQ(look_and_read(), "one");  // whole stamps are compared now
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
  std::ofstream(path_) << "half and half";
  EXPECT_EQ(look_and_read(), "half and half");
  std::ofstream(path_) << "in place";
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), IsEmpty());
}

// hash:F, which F.lmdb or F.cdb stands in for.
class StandInTest : public TableStoreTest {
 protected:
  void make(const std::string& type) {
    auto maker = tables::make_map(type, path_);
    ASSERT_TRUE(maker);
    ASSERT_TRUE((*maker)->put("key", type, tables::OnDuplicate::keep_first));
    ASSERT_TRUE((*maker)->commit());
  }

  // Which of the files answers, or the Error.
  std::string ask() {
    auto table = tables::open_table("hash:" + path_, store_, [](const Diagnostic&) {});
    if (!table) return table.error().text();
    const auto found = table->full->find("key");
    return found && *found ? (*found)->value : "?";
  }

  // The same in a round that another table's change began.
  std::string ask_after_a_change() {
    write(std::to_string(++changes_));
    store_.mark_changed();
    store_.mark_changed();
    EXPECT_TRUE(text(path_));
    std::string answer = ask();
    store_.end_round();
    return answer;
  }

  std::string ask_in_a_reload() {
    store_.begin_reload();
    std::string answer = ask();
    store_.abandon_round();
    return answer;
  }

  int changes_ = 0;
};

TEST_F(StandInTest, AnOlderOneStaysUntilAReload) {
  ASSERT_TRUE(text(path_));
  make("cdb");
  EXPECT_EQ(ask(), "cdb");
  std::ofstream(path_ + ".db") << "x";
  std::filesystem::last_write_time(
      path_ + ".db", std::filesystem::file_time_type::clock::now() + std::chrono::seconds(100));
  EXPECT_EQ(ask_after_a_change(), "cdb");
  EXPECT_THAT(ask_in_a_reload(), testing::HasSubstr(".cdb is older; run"));
  EXPECT_EQ(ask_after_a_change(), "cdb");
}

TEST_F(StandInTest, ADamagedOneIsNotPassedOverAtTheStart) {
  make("lmdb");
  std::ofstream(path_ + ".cdb") << "abc";
  for (int opening = 0; opening < 3; ++opening)
    EXPECT_THAT(ask(), testing::HasSubstr(".cdb is damaged"));
}

TEST_F(StandInTest, ADamagedOneBeforeTheOneInUseChangesNothing) {
  ASSERT_TRUE(text(path_));
  make("lmdb");
  EXPECT_EQ(ask(), "lmdb");
  std::ofstream(path_ + ".cdb") << "abc";
  EXPECT_EQ(ask_after_a_change(), "lmdb");
  EXPECT_EQ(ask_after_a_change(), "lmdb");
  EXPECT_THAT(ask_in_a_reload(), testing::HasSubstr(".cdb is damaged"));
  make("cdb");
  EXPECT_EQ(ask_after_a_change(), "cdb");
}

TEST_F(TableStoreTest, AnOptionalFileIsNoProblemAndIsTakenWhenItComes) {
  const std::string path = path_ + ".cdb";
  for (const bool optional : {true, false}) {
    const rules::DataForm form{optional ? "a" : "b", false, optional, nullptr};
    EXPECT_EQ(store_.data_file(path, form).error().code, Code::not_found);
    EXPECT_EQ(store_.tables().size(), optional ? 0U : 1U);
  }
  std::filesystem::copy_file(path_, path);
  store_.mark_changed();
  EXPECT_EQ(store_.mark_changed().size(), 2U);
  const rules::DataForm form{"a", false, true, nullptr};
  EXPECT_EQ((*store_.data_file(path, form))->bytes(), "one");
  store_.end_round();
  EXPECT_EQ(store_.tables().size(), 1U);
}

TEST_F(TableStoreTest, ABuiltTableIsReadAgain) {
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
  EXPECT_EQ(load(), "one; warned of one");
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
  EXPECT_EQ(load(), "one; warned of one");
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

// The build was of the old text.
TEST_F(TableStoreTest, ABuildThatEndsWhileAChangedTextIsReadIsNotTakenForItsOwn) {
  source_.wants_build = true;
  load();
  const auto wanted = store_.next_build();
  write("two");
  store_.mark_changed();
  EXPECT_THAT(store_.mark_changed(), ElementsAre(path_));
  source_.while_loading = [&] { store_.built(*wanted, Result<void>()); };
  EXPECT_EQ(load(), "two; warned of two");
  source_.while_loading = nullptr;
  EXPECT_FALSE(store_.end_round().at(0).rebuilt);
  EXPECT_THAT(store_.mark_changed(false), IsEmpty());
  EXPECT_TRUE(store_.next_build());
}

TEST_F(TableStoreTest, WhatAReloadDoesNotAskForGoes) {
  load();
  store_.begin_reload();
  store_.end_round();
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
  store_.end_round();
  const auto counts = store_.tables().at(0).counts;
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].hits, 2U);
  EXPECT_EQ(counts[0].bytes, 8U);
  EXPECT_EQ(counts[0].value, "one");
}

}  // namespace
}  // namespace headgate::cli
