// What Postfix makes of these files is asked in compiled_agrees_test.cc.
#include "tables/map_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "tables/cdb_maker.h"
#include "tables/lmdb_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::tables {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

using Entries = std::vector<std::pair<std::string, std::string>>;

class MapMakerTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name = "F") const {
    return directory_.path() + '/' + name;
  }

  std::unique_ptr<MapMaker> make(std::string_view type, MakeMode mode = MakeMode::create) {
    auto maker = make_map(type, path(), {mode, 0644});
    EXPECT_TRUE(maker) << maker.error().text();
    return maker ? std::move(*maker) : nullptr;
  }

  Entries entries(std::string_view type = "lmdb") {
    Entries all;
    const auto shown = for_each_entry(type, path(), [&](auto key, auto value) {
      all.emplace_back(key, value);
      return true;
    });
    EXPECT_TRUE(shown) << shown.error().text();
    return all;
  }

  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(directory_.path()))
      names.push_back(file.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  testing_support::ScratchDirectory directory_;
};

void put(MapMaker& maker, std::string_view key, std::string_view value,
         OnDuplicate duplicate = OnDuplicate::keep_first) {
  const auto added = maker.put(key, value, duplicate);
  ASSERT_TRUE(added) << added.error().text();
}

TEST_F(MapMakerTest, tells_a_key_that_was_there) {
  for (const std::string_view type : {"cdb", "lmdb"}) {
    const auto maker = make(type);
    EXPECT_TRUE(*maker->put("a", "1", OnDuplicate::keep_first));
    EXPECT_TRUE(*maker->put("b", "2", OnDuplicate::replace));
    EXPECT_FALSE(*maker->put("a", "3", OnDuplicate::keep_first));
    EXPECT_FALSE(*maker->put("b", "4", OnDuplicate::replace));
    EXPECT_TRUE(maker->commit());
  }
  EXPECT_THAT(entries(), ElementsAre(Pair("a", "1"), Pair("b", "4")));
}

TEST_F(MapMakerTest, without_commit_nothing_changes) {
  for (const std::string type : {"cdb", "lmdb"}) {
    put(*make(type), "a", "1");
    EXPECT_THAT(files(), IsEmpty()) << type;
  }
  for (const std::string type : {"cdb", "lmdb"}) {
    const auto maker = make(type);
    put(*maker, "a", "1");
    ASSERT_TRUE(maker->commit());
    const std::string before = *read_file(path() + '.' + type);
    put(*make(type), "b", "2");
    EXPECT_EQ(*read_file(path() + '.' + type), before) << type;
  }
  EXPECT_THAT(files(), ElementsAre("F.cdb", "F.lmdb"));
}

TEST_F(MapMakerTest, has_the_permissions_that_were_asked_for) {
  const mode_t umask_before = ::umask(077);
  for (const std::string type : {"cdb", "lmdb"}) {
    for (const unsigned permissions : {0644U, 0640U, 0600U}) {
      const std::string name = path(fmt::format("{:o}", permissions));
      auto maker = make_map(type, name, {MakeMode::create, permissions});
      ASSERT_TRUE(maker && (*maker)->commit());
      EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(name + '.' + type).permissions()),
                permissions);
    }
  }
  ::umask(umask_before);
}

TEST_F(MapMakerTest, many_entries_make_the_lmdb_map_grow) {
  auto maker = make_lmdb(path(), {}, 65536);
  ASSERT_TRUE(maker) << maker.error().text();
  for (int i = 0; i < 5000; ++i)
    put(**maker, fmt::format("key{:06}", i), std::string(100, static_cast<char>('a' + i % 26)));
  EXPECT_TRUE(*(*maker)->remove("key000007"));
  EXPECT_FALSE(*(*maker)->put("key000008", "again", OnDuplicate::replace));
  ASSERT_TRUE((*maker)->commit());
  const Entries all = entries();
  ASSERT_EQ(all.size(), 4999U);
  EXPECT_THAT(all[7], Pair("key000008", "again"));
  EXPECT_THAT(all[4998], Pair("key004999", std::string(100, static_cast<char>('a' + 4999 % 26))));
}

TEST_F(MapMakerTest, an_lmdb_file_is_changed_in_place) {
  const auto maker = make("lmdb");
  put(*maker, "a", "1");
  put(*maker, "b", "2");
  ASSERT_TRUE(maker->commit());
  const auto inode = [&] {
    struct stat file {};

    ::stat((path() + ".lmdb").c_str(), &file);
    return file.st_ino;
  };
  const auto before = inode();
  const auto more = make("lmdb", MakeMode::incremental);
  EXPECT_FALSE(*more->put("a", "3", OnDuplicate::keep_first));
  EXPECT_TRUE(*more->put("c", "3", OnDuplicate::keep_first));
  EXPECT_TRUE(*more->remove("b"));
  EXPECT_FALSE(*more->remove("none"));
  EXPECT_FALSE(*more->remove(""));
  ASSERT_TRUE(more->commit());
  EXPECT_THAT(entries(), ElementsAre(Pair("a", "1"), Pair("c", "3")));
  const auto anew = make("lmdb");
  put(*anew, "z", "26");
  ASSERT_TRUE(anew->commit());
  EXPECT_THAT(entries(), ElementsAre(Pair("z", "26")));
  EXPECT_EQ(inode(), before);
}

TEST_F(MapMakerTest, a_key_is_removed_in_the_form_with_nul_first) {
  const auto maker = make("lmdb");
  put(*maker, "a", "1");
  put(*maker, std::string("a\0", 2), std::string("2\0", 2));
  put(*maker, std::string("b\0", 2), std::string("3\0", 2));
  EXPECT_TRUE(*maker->remove("a"));
  ASSERT_TRUE(maker->commit());
  EXPECT_THAT(entries(), ElementsAre(Pair("a", "1"), Pair("b", "3")));
}

TEST_F(MapMakerTest, a_key_is_removed_in_the_forms_that_are_asked_for) {
  struct Row {
    NulForm form;
    Entries left;
  };

  const std::string nul(1, '\0');
  for (const Row& row :
       {Row{NulForm::with, {{"a", "1"}, {"b", "2"}}},
        Row{NulForm::without, {{"a", "3"}, {"c", "4"}}},
        Row{NulForm::first_met, {{"a", "1"}, {"b", "2"}}}, Row{NulForm::either, {{"a", "1"}}}}) {
    const auto maker = make("lmdb");
    put(*maker, "a", "1");
    put(*maker, "b", "2");
    put(*maker, "a" + nul, "3" + nul);
    put(*maker, "c" + nul, "4" + nul);
    ASSERT_TRUE(maker->commit());
    auto removing = make_map("lmdb", path(), {MakeMode::existing, 0644, row.form});
    ASSERT_TRUE(removing);
    for (const char* key : {"a", "b", "c"}) ASSERT_TRUE((*removing)->remove(key));
    ASSERT_TRUE((*removing)->commit());
    EXPECT_EQ(entries(), row.left) << static_cast<int>(row.form);
  }
}

TEST_F(MapMakerTest, what_stands_in_for_hash_is_listed) {
  const auto lmdb = make("lmdb");
  put(*lmdb, "of", "lmdb");
  ASSERT_TRUE(lmdb->commit());
  EXPECT_THAT(entries("btree"), ElementsAre(Pair("of", "lmdb")));
  const auto cdb = make("hash");
  put(*cdb, "b", "2");
  put(*cdb, std::string_view("a\0", 2), std::string_view("1\0", 2));
  put(*cdb, "", "");
  ASSERT_TRUE(cdb->commit());
  EXPECT_THAT(entries("hash"), ElementsAre(Pair("b", "2"), Pair("a", "1"), Pair("", "")));
}

TEST_F(MapMakerTest, refusals) {
  struct Refusal {
    std::string_view type;
    MakeMode mode;
    Code code;
    std::string_view text;
  };

  for (const Refusal& refusal : {
           Refusal{"cdb", MakeMode::incremental, Code::invalid, "not changed in place"},
           Refusal{"hash", MakeMode::existing, Code::invalid, "not changed in place"},
           Refusal{"lmdb", MakeMode::existing, Code::not_found, "open database "},
           Refusal{"texthash", MakeMode::create, Code::invalid, "texthash: are not compiled"},
       }) {
    const auto maker = make_map(refusal.type, path(), {refusal.mode, 0644});
    ASSERT_FALSE(maker);
    EXPECT_EQ(maker.error().code, refusal.code);
    EXPECT_THAT(maker.error().text(), HasSubstr(refusal.text));
  }
  EXPECT_THAT(files(), IsEmpty());
  for (const std::string_view type : {"cdb", "lmdb"}) {
    const auto maker = make_map(type, "/nonexistent/F");
    ASSERT_FALSE(maker);
    EXPECT_EQ(maker.error().code, Code::not_found);
    EXPECT_THAT(maker.error().text(), HasSubstr("open database /nonexistent/F."));
  }
  const auto shown = for_each_entry("cdb", path(), [](auto, auto) { return true; });
  EXPECT_THAT(shown.error().text(), HasSubstr("sequence operation is not supported"));
  EXPECT_EQ(make("cdb")->remove("a").error().code, Code::invalid);
  const auto lmdb = make("lmdb");
  EXPECT_EQ(lmdb->put("", "x", OnDuplicate::keep_first).error().code, Code::invalid);
  EXPECT_EQ(lmdb->put(std::string(512, 'k'), "x", OnDuplicate::keep_first).error().code,
            Code::limit);
  EXPECT_TRUE(lmdb->put(std::string(511, 'k'), "x", OnDuplicate::keep_first));
}

TEST_F(MapMakerTest, a_cdb_that_would_become_too_big_is_an_error) {
  constexpr std::uint64_t kLimit = 4000;
  const auto fill = [&](std::size_t last_value) {
    auto maker = make_cdb("cdb", path(), {}, kLimit);
    EXPECT_TRUE(maker);
    put(**maker, "a", std::string(1000, 'x'));
    auto added = (*maker)->put("b", std::string(last_value, 'y'), OnDuplicate::keep_first);
    if (!added) return added.error().text();
    EXPECT_TRUE((*maker)->commit());
    EXPECT_EQ(std::filesystem::file_size(path() + ".cdb"), kLimit);
    return std::string();
  };
  EXPECT_THAT(fill(903), HasSubstr("more than 4000 bytes: a cdb file cannot be bigger"));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(fill(902), "");
}

TEST_F(MapMakerTest, a_file_that_is_no_lmdb_is_not_written_to) {
  std::ofstream(path() + ".lmdb") << std::string(8192, 'x');
  const auto maker = make_map("lmdb", path());
  ASSERT_FALSE(maker);
  EXPECT_EQ(maker.error().code, Code::corrupt);
  EXPECT_EQ(*read_file(path() + ".lmdb"), std::string(8192, 'x'));
  const auto shown = for_each_entry("lmdb", path(), [](auto, auto) { return true; });
  EXPECT_EQ(shown.error().code, Code::corrupt);
}

TEST_F(MapMakerTest, an_lmdb_file_that_was_cut_is_not_written_to) {
  const auto maker = make("lmdb");
  for (int i = 0; i < 3000; ++i) put(*maker, fmt::format("key{:05}", i), std::string(40, 'v'));
  ASSERT_TRUE(maker->commit());
  const std::string whole = *read_file(path() + ".lmdb");
  for (const std::size_t size : {std::size_t{8192}, whole.size() / 2, whole.size() - 4096}) {
    std::filesystem::resize_file(path() + ".lmdb", size);
    for (const MakeMode mode : {MakeMode::create, MakeMode::incremental, MakeMode::existing}) {
      const auto refused = make_map("lmdb", path(), {mode, 0644});
      ASSERT_FALSE(refused) << size;
      EXPECT_EQ(refused.error().code, Code::corrupt);
      EXPECT_THAT(refused.error().text(), HasSubstr("; remove it and build it anew"));
    }
    EXPECT_EQ(std::filesystem::file_size(path() + ".lmdb"), size);
    std::ofstream(path() + ".lmdb") << whole;
  }
}

// Pages that were given back within the transaction that took them are counted and need not have been written.
TEST_F(MapMakerTest, an_lmdb_file_that_ends_before_pages_it_does_not_use_is_whole) {
  const auto maker = make("lmdb");
  for (int i = 0; i < 3000; ++i) put(*maker, fmt::format("key{:05}", i), std::string(40, 'v'));
  ASSERT_TRUE(maker->commit());
  std::string bytes = *read_file(path() + ".lmdb");
  for (const std::size_t meta : {0U, 4096U})
    bytes[meta + 136 + 1] = static_cast<char>(bytes[meta + 136 + 1] + 1);
  std::ofstream(path() + ".lmdb") << bytes;  // 256 pages more
  const auto more = make("lmdb", MakeMode::incremental);
  put(*more, "more", "1");
  ASSERT_TRUE(more->commit());
  EXPECT_EQ(entries().size(), 3001U);
}

TEST_F(MapMakerTest, an_lmdb_file_that_came_while_it_was_made_is_not_lost) {
  for (const MakeMode mode : {MakeMode::create, MakeMode::incremental}) {
    const auto maker = make("lmdb", mode);
    put(*maker, "a", "1");
    auto other = make_map("lmdb", path("G"));  // as by postmap, in its place
    ASSERT_TRUE(other);
    put(**other, "a", "9");
    for (int i = 0; i < 3000; ++i) put(**other, fmt::format("key{:05}", i), std::string(40, 'v'));
    ASSERT_TRUE((*other)->commit());
    std::filesystem::rename(path("G.lmdb"), path() + ".lmdb");
    EXPECT_TRUE(maker->remove("none"));
    EXPECT_TRUE(maker->put("b", "2", OnDuplicate::replace));
    ASSERT_TRUE(maker->commit());
    EXPECT_EQ(entries().size(), mode == MakeMode::create ? 2U : 3002U);
    EXPECT_THAT(files(), ElementsAre("F.lmdb"));
    std::filesystem::remove(path() + ".lmdb");
  }
}

TEST_F(MapMakerTest, a_temporary_file_that_is_somebody_elses_is_not_used) {
  for (const std::string type : {"cdb", "lmdb"}) {
    const std::string temporary = path() + '.' + type + ".tmp";
    std::ofstream(path("victim")) << "precious";
    std::filesystem::create_hard_link(path("victim"), temporary);
    put(*make(type), "a", "1");
    EXPECT_EQ(*read_file(path("victim")), "precious");
    if (::geteuid() == 0) {
      std::ofstream(temporary) << "x";
      ASSERT_EQ(::chown(temporary.c_str(), 12345, 12345), 0);
      const auto maker = make(type);
      put(*maker, "a", "1");
      ASSERT_TRUE(maker->commit());

      struct stat made {};

      ASSERT_EQ(::stat((path() + '.' + type).c_str(), &made), 0);
      EXPECT_EQ(made.st_uid, 0U);
    }
  }
}

TEST_F(MapMakerTest, what_is_no_file_of_ours_is_left_where_it_is) {
  for (const std::string type : {"cdb", "lmdb"}) {
    const std::string temporary = path() + '.' + type + ".tmp";
    ASSERT_EQ(::mkfifo(temporary.c_str(), 0600), 0);
    EXPECT_FALSE(make_map(type, path()));
    EXPECT_TRUE(std::filesystem::exists(temporary));
  }
}

TEST_F(MapMakerTest, a_damaged_cdb_is_not_listed_as_if_it_were_whole) {
  const auto maker = make("cdb");
  for (int i = 0; i < 300; ++i) put(*maker, fmt::format("key{:05}", i), "value");
  ASSERT_TRUE(maker->commit());
  const std::string good = *read_file(path() + ".cdb");
  constexpr std::size_t kRecordBytes = 8 + 8 + 5, kSecond = 2048 + kRecordBytes;
  const std::string most = "\xff\xff\xff\xff";
  for (const std::string& sizes :
       {most + good.substr(kSecond + 4, 4), good.substr(kSecond, 4) + most,
        std::string("\xf0\xff\xff\xff\x08\0\0\0", 8), std::string("\xe3\xff\xff\xff\0\0\0\0", 8)}) {
    std::string bad = good;
    bad.replace(kSecond, 8, sizes);
    std::ofstream(path() + ".cdb") << bad;
    int shown = 0;
    const auto listed = for_each_entry("hash", path(), [&](auto, auto) { return ++shown < 1000; });
    ASSERT_FALSE(listed);
    EXPECT_THAT(listed.error().text(), HasSubstr("is damaged: a record does not end before"));
    EXPECT_EQ(shown, 1);
  }
}

TEST_F(MapMakerTest, a_temporary_file_that_is_a_link_is_not_followed) {
  std::ofstream(path("victim")) << "precious";
  std::filesystem::create_symlink(path("victim"), path() + ".cdb.tmp");
  EXPECT_FALSE(make_map("cdb", path()));
  std::filesystem::create_symlink(path("victim"), path() + ".lmdb.tmp");
  EXPECT_FALSE(make_map("lmdb", path()));
  std::filesystem::create_symlink(path("victim"), path() + ".lmdb");
  EXPECT_FALSE(make_map("lmdb", path()));
  EXPECT_EQ(*read_file(path("victim")), "precious");
}

TEST_F(MapMakerTest, a_table_that_is_being_made_is_not_there_yet) {
  for (const std::string type : {"cdb", "lmdb"}) {
    for (const bool finished : {false, true}) {
      auto maker = make(type);
      put(*maker, "a", "1");
      EXPECT_FALSE(std::filesystem::exists(path() + '.' + type));
      if (finished) {
        EXPECT_TRUE(maker->commit());
      }
      maker.reset();
      EXPECT_EQ(std::filesystem::exists(path() + '.' + type), finished) << type;
      EXPECT_FALSE(std::filesystem::exists(path() + '.' + type + ".tmp")) << type;
    }
  }
}

// Two threads are as good as two processes: the locks belong to the open files.
TEST_F(MapMakerTest, two_builders_wait_for_each_other) {
  for (const std::string type : {"cdb", "lmdb"}) {
    auto first = make(type);
    put(*first, "a", "1");
    std::thread other([&] {
      const auto second = make(type, type == "cdb" ? MakeMode::create : MakeMode::incremental);
      put(*second, "b", "2");
      EXPECT_TRUE(second->commit());
    });
    EXPECT_TRUE(first->commit());
    first.reset();
    other.join();
  }
  EXPECT_THAT(entries(), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(files(), ElementsAre("F.cdb", "F.lmdb"));
}

}  // namespace

}  // namespace headgate::tables
