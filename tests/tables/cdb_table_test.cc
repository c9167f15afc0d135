// Damage: whatever happens to a file, a lookup ends in the right value or in an Error, and what is not in it stays so.
#include "tables/cdb_table.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/file.h"
#include "tables/cdb_reader.h"
#include "tables/map_maker.h"
#include "tests/support/scratch_directory.h"
#include "tests/tables/compiled_fixture.h"

namespace headgate::tables {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::write_contents;

class CdbTableTest : public CompiledTableTest {
 protected:
  CdbTableTest() : CompiledTableTest("cdb") {}

  Result<std::unique_ptr<Lookup>> open(const OpenOptions& options = {}) {
    return open_cdb_table(
        "cdb:" + base(), base(), [this](const Diagnostic& d) { warnings_.push_back(d.text); },
        options);
  }
};

const Entries kFew = {{"a", "1"}, {"b@example.com", "two words"}, {"empty", ""}};

TEST_F(CdbTableTest, finds_what_was_put_in_either_form) {
  for (const bool with_nul : {false, true}) {
    make(kFew, with_nul);
    const auto table = open();
    ASSERT_TRUE(table) << table.error().text();
    for (const auto& [key, value] : kFew) EXPECT_EQ(ask(**table, key), value);
    EXPECT_EQ(ask(**table, "A"), "1");
    for (const std::string_view key : {"c", "", "a ", "aa"}) EXPECT_EQ(ask(**table, key), "-");
    OpenOptions exact;
    exact.fold = false;
    EXPECT_EQ(ask(**open(exact), "A"), "-");
    EXPECT_EQ((*table)->name(), "cdb:" + base());
  }
}

TEST_F(CdbTableTest, an_empty_table_has_nothing) {
  make({});
  EXPECT_EQ(ask(**open(), "a"), "-");
}

TEST_F(CdbTableTest, both_forms_in_one_file) {
  auto maker = make_map("cdb", base());
  for (const auto& [key, value] : Entries{{"a", "1"}, {std::string("b\0", 2), "2"}})
    ASSERT_TRUE((*maker)->put(key, value, OnDuplicate::keep_first));
  ASSERT_TRUE((*maker)->commit());
  const auto table = open();
  EXPECT_EQ(ask(**table, "a"), "1");
  EXPECT_EQ(ask(**table, "b"), "2");
}

TEST_F(CdbTableTest, the_form_that_is_asked_for) {
  auto maker = make_map("cdb", base());
  for (const auto& [key, value] : Entries{{"a", "1"}, {std::string("b\0", 2), "2"}})
    ASSERT_TRUE((*maker)->put(key, value, OnDuplicate::keep_first));
  ASSERT_TRUE((*maker)->commit());

  struct Row {
    NulForm form;
    std::vector<std::string_view> keys, values;
  };

  for (const Row& row :
       {Row{NulForm::with, {"a", "b"}, {"-", "2"}}, Row{NulForm::without, {"a", "b"}, {"1", "-"}},
        Row{NulForm::first_met, {"x", "a", "b", "a"}, {"-", "1", "-", "1"}},
        Row{NulForm::first_met, {"x", "b", "a", "b"}, {"-", "2", "-", "2"}}}) {
    OpenOptions options;
    options.nul = row.form;
    const auto table = open(options);
    auto* const ahead = dynamic_cast<KeysAhead*>(table->get());
    ASSERT_NE(ahead, nullptr);
    ahead->expect(row.keys);  // which changes no answer
    for (std::size_t i = 0; i < row.keys.size(); ++i)
      EXPECT_EQ(ask(**table, row.keys[i]), row.values[i]) << row.keys[i];
  }
}

TEST_F(CdbTableTest, keys_may_come_otherwise_than_was_told) {
  Entries entries;
  for (std::size_t i = 0; i < 40; ++i) entries["key" + std::to_string(i)] = std::string(i * 9, 'v');
  make(entries);
  const auto table = open();
  auto& ahead = dynamic_cast<KeysAhead&>(**table);
  const auto check = [&](int i) {
    const auto entry = entries.find("key" + std::to_string(i));
    EXPECT_EQ(ask(**table, "KEY" + std::to_string(i)),
              entry == entries.end() ? "-" : entry->second);
  };
  std::vector<std::string> memory;
  for (int i = 0; i < 50; ++i) memory.push_back("Key" + std::to_string(i));
  const std::vector<std::string_view> keys(memory.begin(), memory.end());
  for (const auto& [expected, asked] :
       std::vector<std::pair<std::size_t, std::vector<int>>>{{0, {0, 0, 1, 49, 49, 15, 16, 17}},
                                                             {35, {36, 35, 37, 40, 39, 38}},
                                                             {10, {}},
                                                             {3, {3, 5, 4, 3}}}) {
    ahead.expect(std::span(keys).subspan(expected));
    for (const int i : asked) check(i);
  }
}

TEST_F(CdbTableTest, what_is_expected_of_an_empty_or_damaged_table) {
  std::vector<std::string> memory(100, "key");
  const std::vector<std::string_view> keys(memory.begin(), memory.end());
  make({});
  const auto empty = open();
  dynamic_cast<KeysAhead&>(**empty).expect(keys);
  dynamic_cast<KeysAhead&>(**empty).expect({});
  make(kFew);
  const auto table = open();
  std::filesystem::resize_file(file(), 2048);
  dynamic_cast<KeysAhead&>(**table).expect(keys);
  EXPECT_THAT(ask(**table, "a"), HasSubstr("cut short"));
}

TEST_F(CdbTableTest, keys_are_folded_as_they_were_when_it_was_built) {
  make({{"\xc3\xa4", "1"}, {"ss", "2"}});
  OpenOptions utf8;
  utf8.utf8 = true;
  EXPECT_EQ(ask(**open(utf8), "\xc3\x84"), "1");
  EXPECT_EQ(ask(**open(utf8), "\xc3\x9f"), "2");
  EXPECT_EQ(ask(**open(), "\xc3\x84"), "-");
}

TEST_F(CdbTableTest, warns_of_a_source_that_is_newer_unless_it_is_new) {
  make(kFew);
  write_contents(base(), "a 1\n");
  const auto set_age = [](const std::string& path, int seconds) {
    struct timespec times[2] = {{std::time(nullptr) - seconds, 0},
                                {std::time(nullptr) - seconds, 0}};

    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  };

  struct Ages {
    int database, source;
    bool warns;
  };

  for (const Ages& ages : {Ages{200, 150, true}, Ages{200, 60, false}, Ages{150, 200, false},
                           Ages{150, 150, false}, Ages{0, 0, false}}) {
    set_age(file(), ages.database);
    set_age(base(), ages.source);
    warnings_.clear();
    ASSERT_TRUE(open());
    if (ages.warns) {
      EXPECT_THAT(warnings_,
                  ElementsAre("database " + file() + " is older than source file " + base()));
    } else {
      EXPECT_THAT(warnings_, IsEmpty());
    }
  }
}

TEST_F(CdbTableTest, what_is_no_cdb_file_is_damaged) {
  for (const std::string& content :
       {std::string(), std::string("abc"), std::string(2047, '\0'), std::string(2048, '\0'),
        std::string(4096, 'x'), std::string(1 << 20, '\xff')}) {
    write_contents(file(), content);
    const auto table = open();
    ASSERT_FALSE(table) << content.size();
    EXPECT_EQ(table.error().code, Code::corrupt);
    EXPECT_THAT(table.error().text(), HasSubstr("database " + file() + " is damaged: "));
  }
  std::filesystem::remove(file());
  EXPECT_EQ(open().error().code, Code::not_found);
  std::filesystem::create_directory(file());
  EXPECT_FALSE(open());
  std::filesystem::remove(file());
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_EQ(open().error().code, Code::corrupt);
}

// Where the only record begins ends in zeros, as its slot and the file then do.
TEST_F(CdbTableTest, one_entry) {
  for (int i = 0; i < 300; ++i) {
    const std::string key = fmt::format("key{}", i);
    make({{key, "v"}});
    const auto table = open();
    ASSERT_TRUE(table) << key << ' ' << table.error().text();
    EXPECT_EQ(ask(**table, key), "v");
    EXPECT_EQ(ask(**table, "none"), "-");
  }
}

TEST_F(CdbTableTest, an_index_of_zeros_is_damage) {
  make(kFew);
  std::string bytes = *read_file(file());
  const auto records_end = static_cast<unsigned char>(bytes[0]) +
                           static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) * 256;
  ASSERT_LT(records_end, bytes.size());
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records_end), bytes.end(), '\0');
  write_contents(file(), bytes);
  const auto table = open();
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().text(), HasSubstr("no hash table that leads to one"));
}

TEST_F(CdbTableTest, each_byte_of_the_header_counts) {
  make(kFew);
  const std::string good = *read_file(file());
  for (std::size_t at = 0; at < 2048; ++at) {
    for (const unsigned flip : {1U, 0x80U, 0xffU}) {
      std::string bad = good;
      bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ flip);
      EXPECT_NE(CdbReader(bad).check(), nullptr) << at;
    }
  }
}

TEST_F(CdbTableTest, each_length_is_too_short) {
  make(kFew);
  const std::string good = *read_file(file());
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(CdbReader(std::string_view(good).substr(0, size)).check(), nullptr) << size;
  EXPECT_NE(CdbReader(good + '\0').check(), nullptr);
}

// Behind the header: a flip hides at most the key whose slot it is in (cdb_reader.h), and never makes another value of a key
// than by a flip of the value itself.
TEST_F(CdbTableTest, flips_behind_the_header) {
  Entries entries;
  for (int i = 0; i < 200; ++i) entries.emplace(fmt::format("key{}", i), fmt::format("value{}", i));
  make(entries);
  const std::string good = *read_file(file());
  std::mt19937 random(20);
  std::size_t hidden = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    const std::size_t at = 2048 + random() % (bad.size() - 2048);
    bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1U << random() % 8));
    CdbReader reader(bad);
    if (reader.check() != nullptr) {
      ++refused;
      continue;
    }
    std::size_t wrong = 0;
    for (const auto& [key, value] : entries) {
      const auto answer = reader.find(key);
      if (answer.damage != nullptr) {
        ++refused;
      } else if (!answer.found) {
        ++hidden;
        ++wrong;
      } else if (answer.value != value) {
        ++wrong;
      }
    }
    EXPECT_LE(wrong, 1U) << at;
    EXPECT_FALSE(reader.find("key200").found);
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(hidden, 1500U);  // a third of the bytes are slots, and of their 64 bits 24 can hide one
}

// One key, so two slots in one table; where they are is read out of the file.
TEST_F(CdbTableTest, each_kind_of_damage_has_its_words) {
  make({{"a", "1"}});
  const std::string good = *read_file(file());
  const std::uint32_t hash = cdb_hash_of("a");
  const auto number = [](const std::string& bytes, std::size_t at) {
    return ByteReader(std::string_view(bytes).substr(at)).u32();
  };
  const std::size_t header = (hash & 255U) * 8;
  const std::size_t table = number(good, header);
  ASSERT_EQ(number(good, header + 4), 2U);
  const std::size_t slot = table + (hash >> 8U) % 2 * 8;
  const std::size_t other_slot = table + (1 - (hash >> 8U) % 2) * 8;

  struct Damage {
    std::vector<std::pair<std::size_t, std::uint32_t>> numbers;  // where, what
    std::string_view words;
  };

  for (const Damage& damage : {
           Damage{{{slot + 4, 0}}, "a slot of a hash table has a hash and no record"},
           Damage{{{slot, hash + 1}}, "a slot stands in the wrong hash table"},
           Damage{{{slot + 4, 2047}}, "a record is not between the header and the hash tables"},
           Damage{{{slot + 4, table - 7}},
                  "a record is not between the header and the hash tables"},
           Damage{{{2048 + 4, 2}}, "a record is not between the header and the hash tables"},
           Damage{{{2048, 0xffffffff}}, "a record is not between the header and the hash tables"},
           Damage{{{2048 + 8, 'b' | '1' << 8}}, "a record is not the one its slot was made for"},
           Damage{{{slot, hash ^ 256U}, {other_slot, hash ^ 256U}, {other_slot + 4, 2048}},
                  "a hash table has no empty slot"},
       }) {
    std::string bad = good;
    CdbReader reader(bad);
    ASSERT_EQ(reader.check(), nullptr);
    for (const auto& [at, value] : damage.numbers) {
      ByteWriter writer;
      writer.u32(value);
      bad.replace(at, at == 2048 + 8 ? 2 : 4, writer.bytes(), 0, at == 2048 + 8 ? 2 : 4);
    }
    // The last bytes may be among them, which is told first.
    reader = CdbReader(bad);
    const char* why = reader.check();
    if (why == nullptr) why = reader.find("a").damage;
    ASSERT_NE(why, nullptr) << damage.words;
    const bool is_first_record = damage.numbers[0].first == 2048 || damage.numbers[0].first == 2052;
    EXPECT_EQ(std::string_view(why), is_first_record
                                         ? "its first record does not end before the hash tables"
                                         : damage.words);
  }
}

TEST_F(CdbTableTest, a_header_that_changes_in_use_is_noticed) {
  make(kFew);
  std::string bytes = *read_file(file());
  CdbReader reader(bytes);
  ASSERT_EQ(reader.check(), nullptr);
  ASSERT_TRUE(reader.find("a").found);
  ++bytes[(cdb_hash_of("a") & 255U) * 8];
  EXPECT_STREQ(reader.find("a").damage, "it was written over while it was in use");
}

TEST_F(CdbTableTest, many_flips_never_crash) {
  Entries entries;
  for (int i = 0; i < 50; ++i) entries.emplace(fmt::format("key{}", i), std::string(i, 'v'));
  make(entries);
  const std::string good = *read_file(file());
  std::mt19937 random(21);
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    const std::size_t first = random() % 2 == 0 ? 0 : 2048;
    for (auto i = 1 + random() % 20; i > 0; --i)
      bad[first + random() % (bad.size() - first)] = static_cast<char>(random());
    CdbReader reader(bad);
    if (reader.check() != nullptr) continue;
    for (const auto& [key, value] : entries) {
      const auto answer = reader.find(key);
      EXPECT_LE(answer.value.size(), bad.size());
    }
  }
}

// The file in place of the test's own, in use: cut to each length.
TEST_F(CdbTableTest, a_file_that_is_cut_while_it_is_in_use) {
  Entries entries;
  for (int i = 0; i < 300; ++i) entries.emplace(fmt::format("key{}", i), std::string(40, 'v'));
  make(entries);
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(file()));
  const std::string good = *read_file(file());
  for (std::int64_t cut = size - 1; cut >= 0; cut -= cut > size - 40 ? 1 : 197) {
    write_contents(file(), good);
    const auto table = open();
    ASSERT_TRUE(table) << table.error().text();
    ASSERT_EQ(::truncate(file().c_str(), cut), 0);
    for (const std::string_view key : {"key1", "key77", "none", "key299"}) {
      const std::string answer = ask(**table, key);
      const std::string right = key == "none" ? "-" : std::string(40, 'v');
      // The last bytes of the tables are zeros: without them nothing is lost.
      if (answer == right && cut > size - 16) continue;
      EXPECT_THAT(answer, HasSubstr("is damaged: it was cut short")) << cut;
    }
  }
}

TEST_F(CdbTableTest, a_file_that_is_written_over_while_it_is_in_use) {
  make(kFew);
  const auto table = open();
  Entries other;
  for (int i = 0; i < 300; ++i) other.emplace(fmt::format("key{}", i), "v");
  std::filesystem::rename(file(), base() + ".kept");
  make(other);
  const std::string bigger = *read_file(file());
  std::filesystem::rename(base() + ".kept", file());
  write_contents(file(), bigger);  // as cp(1): the same file, emptied and filled
  for (const std::string_view key : {"a", "none", "key1"})
    EXPECT_THAT(ask(**table, key), HasSubstr("is damaged: "));
  EXPECT_EQ(ask(**open(), "key1"), "v");
}

TEST_F(CdbTableTest, cut_and_made_whole_again_under_readers) {
  Entries entries;
  for (int i = 0; i < 2000; ++i) entries.emplace(fmt::format("key{}", i), "value");
  make(entries);
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(file()));
  const std::string good = *read_file(file());
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  std::atomic<int> wrong = 0;
  std::atomic<int> right = 0;
  for (unsigned reader = 0; reader < 2; ++reader) {
    auto opened = open();
    ASSERT_TRUE(opened);
    readers.emplace_back([&, reader, table = std::move(*opened)] {
      for (unsigned i = reader; !done; i += 7) {
        const std::string answer = ask(*table, fmt::format("key{}", i % 2000));
        if (answer == "value")
          ++right;
        else if (!answer.starts_with("! "))
          ++wrong;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(::truncate(file().c_str(), size / 200 * i), 0);
    auto fd = open_file(file(), O_WRONLY);
    ASSERT_TRUE(fd && write_all(fd->get(), good, file()));
  }
  right = 0;
  while (right < 100) std::this_thread::yield();  // it is whole again
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(ask(**open(), "key7"), "value");
}

}  // namespace

}  // namespace headgate::tables
