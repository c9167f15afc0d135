#include "tables/berkeley_table.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "tables/map_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::tables {

namespace {

using testing::HasSubstr;

class BerkeleyTableTest : public testing::Test {
 protected:
  [[nodiscard]] std::string base() const { return directory_.path("F"); }

  void set_age(const std::string& path, int seconds) {
    const timespec time{std::time(nullptr) - seconds, 0};
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  void make(std::string_view type, int age) {
    auto maker = make_map(type, base());
    ASSERT_TRUE(maker);
    ASSERT_TRUE((*maker)->put("key", type, OnDuplicate::keep_first));
    ASSERT_TRUE((*maker)->commit());
    set_age(base() + '.' + std::string(type), age);
  }

  void write(const std::string& name, int age) {
    testing_support::write_contents(name, "key text\n");
    set_age(name, age);
  }

  // Which of the files answers, or the Error.
  std::string ask(const std::string& type = "hash") {
    warnings_.clear();
    auto table =
        open_berkeley_table(type + ':' + base(), base(),
                            [this](const Diagnostic& d) { warnings_.push_back(d.text); }, {});
    if (!table) {
      code_ = table.error().code;
      return table.error().text();
    }
    EXPECT_EQ((*table)->name(), type + ':' + base());
    const auto found = (*table)->find("key");
    return found && *found ? (*found)->value : "?";
  }

  testing_support::ScratchDirectory directory_;
  std::vector<std::string> warnings_;
  std::optional<Code> code_;
};

TEST_F(BerkeleyTableTest, without_a_built_table_it_tells_the_cure) {
  for (const std::string type : {"hash", "btree"}) {
    EXPECT_EQ(ask(type), "open database " + base() +
                             ".db: Berkeley DB is not supported; run \"headgate map " + type + ':' +
                             base() + "\" once (it builds " + base() + ".cdb from " + base() + ")");
    EXPECT_EQ(code_, Code::invalid);
  }
}

TEST_F(BerkeleyTableTest, a_cdb_answers_then_an_lmdb) {
  make("lmdb", 500);
  EXPECT_EQ(ask(), "lmdb");
  EXPECT_EQ(ask("btree"), "lmdb");
  make("cdb", 500);
  EXPECT_EQ(ask(), "cdb");
}

TEST_F(BerkeleyTableTest, not_one_that_is_older_than_the_db_file) {
  write(base() + ".db", 400);
  make("cdb", 500);
  EXPECT_THAT(ask(), HasSubstr(".cdb is older; run \"headgate map hash:"));
  EXPECT_EQ(code_, Code::invalid);
  make("lmdb", 300);
  EXPECT_EQ(ask(), "lmdb");
  make("cdb", 400);
  EXPECT_EQ(ask(), "cdb");
}

TEST_F(BerkeleyTableTest, one_that_is_older_than_the_source_warns) {
  make("cdb", 500);
  write(base(), 400);
  EXPECT_EQ(ask(), "cdb");
  EXPECT_THAT(warnings_, testing::ElementsAre("database " + base() +
                                              ".cdb is older than source file " + base()));
}

TEST_F(BerkeleyTableTest, a_damaged_one_is_not_passed_over) {
  make("lmdb", 500);
  testing_support::write_contents(base() + ".cdb", "abc");
  EXPECT_THAT(ask(), HasSubstr("F.cdb is damaged: "));
  EXPECT_EQ(code_, Code::corrupt);
}

}  // namespace

}  // namespace headgate::tables
