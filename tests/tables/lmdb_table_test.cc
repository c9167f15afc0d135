// Damage: whatever happens to a file, a lookup ends in the right value or in an Error, or in a crash of nothing.
#include "tables/lmdb_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "tables/lmdb_maker.h"
#include "tables/lmdb_reader.h"
#include "tests/support/scratch_directory.h"
#include "tests/tables/compiled_fixture.h"

namespace headgate::tables {

namespace {

using testing::HasSubstr;
using testing_support::write_contents;

class LmdbTableTest : public CompiledTableTest {
 protected:
  LmdbTableTest() : CompiledTableTest("lmdb") {}

  Result<std::unique_ptr<Lookup>> open(const OpenOptions& options = {}) {
    return open_lmdb_table(
        "lmdb:" + base(), base(), [this](const Diagnostic& d) { warnings_.push_back(d.text); },
        options);
  }

  static Entries numbered(int count, std::size_t value_bytes = 5) {
    Entries entries;
    for (int i = 0; i < count; ++i)
      entries.emplace(fmt::format("key{}", i),
                      std::string(value_bytes, static_cast<char>('a' + i % 26)));
    return entries;
  }
};

TEST_F(LmdbTableTest, finds_what_was_put_in_either_form) {
  // Of one page, of three levels, with values that have pages of their own.
  for (const Entries& entries :
       {Entries{{"a", "1"}, {"b", "two words"}, {"empty", ""}}, numbered(20000),
        Entries{{"big", std::string(100000, 'x')}, {"small", "y"}}}) {
    for (const bool with_nul : {false, true}) {
      make(entries, with_nul);
      const auto table = open();
      ASSERT_TRUE(table) << table.error().text();
      for (const auto& [key, value] : entries) ASSERT_EQ(ask(**table, key), value) << key;
      for (const std::string_view key : {"", "A ", "aa", "key", "key20000", "zzz", "~"})
        EXPECT_EQ(ask(**table, key), "-") << key;
      EXPECT_EQ(ask(**table, std::string(1000, 'k')), "-");
    }
  }
  make({{"a", "1"}});
  EXPECT_EQ(ask(**open(), "A"), "1");
  OpenOptions exact;
  exact.fold = false;
  EXPECT_EQ(ask(**open(exact), "A"), "-");
}

TEST_F(LmdbTableTest, an_empty_table_has_nothing) {
  make({});
  EXPECT_EQ(ask(**open(), "a"), "-");
  make({{"a", "1"}});
  make({});
  EXPECT_EQ(ask(**open(), "a"), "-");
}

TEST_F(LmdbTableTest, sees_what_is_written_in_place) {
  make({{"a", "1"}});
  const auto table = open();
  EXPECT_EQ(ask(**table, "a"), "1");
  make({{"a", "2"}}, false, MakeMode::incremental);
  EXPECT_EQ(ask(**table, "a"), "2");
  make(numbered(30000), false, MakeMode::incremental);  // longer than its map is
  EXPECT_EQ(ask(**table, "key29999"), "vvvvv");
  EXPECT_EQ(ask(**table, "a"), "2");
  make({{"b", "3"}});
  EXPECT_EQ(ask(**table, "a"), "-");
  EXPECT_EQ(ask(**table, "b"), "3");
}

// Each state has one generation in all its values; pages are used anew all the time.
TEST_F(LmdbTableTest, reads_whole_states_while_it_is_written) {
  constexpr int kKeys = 300, kGenerations = 150;
  const auto generation = [](int number) {
    Entries entries;
    for (int i = 0; i < kKeys; ++i)
      entries.emplace(fmt::format("key{}", i), std::to_string(number));
    return entries;
  };
  make(generation(0));
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (unsigned reader = 0; reader < 3; ++reader) {
    auto opened = open();
    ASSERT_TRUE(opened);
    readers.emplace_back([&, reader, table = std::move(*opened)] {
      int newest = 0;
      for (unsigned i = reader; !done; i += 7) {
        const std::string answer = ask(*table, fmt::format("key{}", i % kKeys));
        const int now = std::atoi(answer.c_str());
        if (answer != std::to_string(now) || now < newest) ++wrong;
        newest = std::max(newest, now);
        if (ask(*table, "none") != "-") ++wrong;
      }
    });
  }
  for (int i = 1; i < kGenerations; ++i)
    make(generation(i), false, i % 2 == 0 ? MakeMode::create : MakeMode::incremental);
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(ask(**open(), "key7"), std::to_string(kGenerations - 1));
}

TEST_F(LmdbTableTest, what_is_no_lmdb_file_is_damaged) {
  for (const std::string& content :
       {std::string(), std::string("abc"), std::string(4096, '\0'), std::string(8192, '\0'),
        std::string(12288, 'x'), std::string(1 << 20, '\xff')}) {
    write_contents(file(), content);
    const auto table = open();
    ASSERT_FALSE(table) << content.size();
    EXPECT_EQ(table.error().code, Code::corrupt);
    EXPECT_THAT(table.error().text(), HasSubstr("database " + file() + " is damaged: "));
  }
  std::filesystem::remove(file());
  EXPECT_EQ(open().error().code, Code::not_found);
}

TEST_F(LmdbTableTest, the_version_of_the_format_is_checked) {
  make({{"a", "1"}});
  std::string bytes = *read_file(file());
  bytes[20] = 2;
  bytes[4096 + 20] = 2;
  write_contents(file(), bytes);
  EXPECT_THAT(open().error().text(), HasSubstr("another version of LMDB's file format"));
}

TEST_F(LmdbTableTest, each_length_is_too_short_for_some_key) {
  const Entries entries = numbered(300, 100);
  make(entries);
  const std::string good = *read_file(file());
  for (std::size_t size = 0; size < good.size(); size += 307) {
    write_contents(file(), good.substr(0, size));
    const auto table = open();
    if (!table) continue;
    std::size_t errors = 0;
    for (const auto& [key, value] : entries) {
      const std::string answer = ask(**table, key);
      if (answer == value) continue;
      EXPECT_THAT(answer, HasSubstr("is damaged: ")) << size;
      ++errors;
    }
    EXPECT_GT(errors, 0U) << size;
  }
}

TEST_F(LmdbTableTest, a_file_that_is_cut_while_it_is_in_use) {
  const Entries entries = numbered(300, 100);
  make(entries);
  const std::string good = *read_file(file());
  for (std::int64_t cut = static_cast<std::int64_t>(good.size()) - 1; cut >= 0; cut -= 2503) {
    write_contents(file(), good);
    const auto table = open();
    ASSERT_TRUE(table) << table.error().text();
    ASSERT_EQ(::truncate(file().c_str(), cut), 0);
    for (const auto& [key, value] : entries) {
      const std::string answer = ask(**table, key);
      EXPECT_TRUE(answer == value || answer.find("is damaged: ") != std::string::npos) << answer;
    }
    const std::string none = ask(**table, "none");
    EXPECT_TRUE(none == "-" || none.find("is damaged: ") != std::string::npos) << none;
  }
}

TEST_F(LmdbTableTest, all_entries_or_damage) {
  const Entries entries = numbered(3000, 40);
  make(entries);
  const std::string good = *read_file(file());
  const auto show = [](const std::string& bytes, Entries& shown) {
    return LmdbReader(bytes).for_each([&](auto key, auto value) {
      shown.emplace(key, value);
      return true;
    });
  };
  Entries shown;
  EXPECT_EQ(show(good, shown), nullptr);
  EXPECT_EQ(shown, entries);
  int stops = 0;
  EXPECT_EQ(LmdbReader(good).for_each([&](auto, auto) { return ++stops < 7; }), nullptr);
  EXPECT_EQ(stops, 7);
  std::mt19937 random(23);
  int refused = 0;
  int wrong = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    const std::size_t at = random() % (bad.size() / 4096) * 4096 + random() % 64;
    bad[at] = static_cast<char>(random());
    Entries any;
    if (show(bad, any) != nullptr) ++refused;
    for (const auto& [key, value] : any) {
      const auto right = entries.find(key);
      wrong += right == entries.end() || right->second != value ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_EQ(wrong, 0);  // heads and pointers only were changed
}

// LMDB has no empty keys, but zeros read as a node that has one.
TEST_F(LmdbTableTest, a_part_of_a_page_that_is_zeros_is_damage) {
  const Entries entries = numbered(3000, 40);
  make(entries);
  const std::string good = *read_file(file());
  int refused = 0;
  for (std::size_t at = 8192; at < good.size(); at += 4096) {
    if (static_cast<unsigned char>(good[at + 10]) != 2) continue;  // no leaf
    std::string bad = good;
    bad.replace(at + 2048, 2048, std::string(2048, '\0'));
    const LmdbReader reader(bad);
    int hidden = 0;
    for (const auto& [key, value] : entries) {
      const auto answer = reader.find(key);
      if (answer.damage != nullptr) {
        ++refused;
      } else if (!answer.found) {
        ++hidden;
      }
    }
    EXPECT_EQ(hidden, 0) << at;
    EXPECT_NE(reader.for_each([](auto, auto) { return true; }), nullptr) << at;
  }
  EXPECT_GT(refused, 100);
}

// A flip in a key or a value is not noticed (lmdb_reader.h); one anywhere else is, or does not matter.
TEST_F(LmdbTableTest, flips) {
  const Entries entries = numbered(300, 40);
  make(entries);
  const std::string good = *read_file(file());
  std::mt19937 random(22);
  int crashes = 0;
  int refused = 0;
  int hidden = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bad = good;
    const bool at_head = random() % 2 == 0;
    const std::size_t at = at_head ? random() % 2 * 4096 + random() % 152
                                   : random() % (bad.size() / 4096) * 4096 + random() % 700;
    bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1U << random() % 8));
    const LmdbReader reader(bad);
    int changed = 0;
    for (const auto& [key, value] : entries) {
      const auto answer = reader.find(key);
      if (answer.damage == nullptr && answer.found && answer.value != value) ++changed;
      if (answer.damage != nullptr) {
        ++refused;
      } else if (!answer.found) {
        ++hidden;
      }
      crashes += answer.value.size() > bad.size() ? 1 : 0;
    }
    EXPECT_LE(changed, 1) << at;  // the value that the flip is in
  }
  EXPECT_EQ(crashes, 0);
  EXPECT_GT(refused, 0);
  EXPECT_LT(hidden, refused);
}

}  // namespace

}  // namespace headgate::tables
