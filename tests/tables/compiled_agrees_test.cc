// Files made here are read by the installed Postfix's own drivers, and the other way round; a cdb file is postmap's byte for
// byte. Skipped where postmap, or its cdb or lmdb, is not installed.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "tables/map_maker.h"
#include "tables/open.h"
#include "tests/support/no_programs.h"
#include "tests/support/scratch_directory.h"

namespace headgate::tables {

namespace {

using testing_support::write_contents;

struct Variant {
  std::string type;
  bool with_nul;
};

class CompiledAgreesTest : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    write_contents(directory_.path("main.cf"), "");
    write_contents(directory_.path("probe"), "a b\n");
    if (postmap("", GetParam().type + ":" + directory_.path("probe")).second != 0)
      GTEST_SKIP() << "postmap with " << GetParam().type << ": is not installed";
    std::mt19937 random(GetParam().with_nul ? 1 : 2);
    const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789@.-+_=<>*";
    const auto word = [&](std::size_t longest) {
      std::string text;
      for (auto i = 1 + random() % longest; i > 0; --i) text += letters[random() % letters.size()];
      return text;
    };
    for (int i = 0; i < 1500; ++i) {
      std::string key = word(1 + random() % 60);
      if (key[0] != '*') key.insert(0, "k");
      entries_.emplace_back(std::move(key), word(4) + ' ' + word(1 + random() % 300));
    }
    for (std::size_t i = 0; i < 300; ++i)  // twice
      entries_.emplace_back(entries_[i * 3].first, word(20));
    for (const auto& [key, value] : entries_) {
      known_.emplace(key, value);
      source_ += key + ' ' + value + '\n';
    }
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }

  // What it prints, and its exit status.
  [[nodiscard]] std::pair<std::string, int> postmap(const std::string& options,
                                                    const std::string& table) const {
    const std::string command =
        fmt::format("postmap -c {} {} {} 2>/dev/null", directory_.path(), options, table);
    const std::unique_ptr<FILE, int (*)(FILE*)> out(::popen(command.c_str(), "r"),
                                                    [](FILE*) { return 0; });
    if (!out) return {"", -1};
    std::string text;
    std::array<char, 65536> buffer;
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), out.get()))
      text.append(buffer.data(), n);
    return {text, ::pclose(out.get())};
  }

  void make(const std::string& name, OnDuplicate duplicate) {
    auto maker = make_map(GetParam().type, path(name));
    ASSERT_TRUE(maker) << maker.error().text();
    const std::string tail(GetParam().with_nul ? 1 : 0, '\0');
    for (const auto& [key, value] : entries_)
      ASSERT_TRUE((*maker)->put(key + tail, value + tail, duplicate));
    ASSERT_TRUE((*maker)->commit());
  }

  [[nodiscard]] std::string form() const { return GetParam().with_nul ? "-N" : "-n"; }

  [[nodiscard]] std::string file(const std::string& name) const {
    return path(name) + '.' + GetParam().type;
  }

  testing_support::ScratchDirectory directory_;
  std::vector<std::pair<std::string, std::string>> entries_;
  std::map<std::string, std::string> known_;  // the first of two
  std::string source_;
};

TEST_P(CompiledAgreesTest, postfix_reads_ours) {
  make("ours", OnDuplicate::keep_first);
  std::string keys;
  std::string expected;
  for (const auto& [key, value] : known_) {
    keys += key + "\nx" + key + '\n';
    expected += key + '\t' + value + '\n';
  }
  write_contents(path("keys"), keys);
  const auto [answers, status] =
      postmap("-q -", GetParam().type + ':' + path("ours") + " < " + path("keys"));
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(answers == expected) << answers.size() << " bytes, not " << expected.size();
}

TEST_P(CompiledAgreesTest, we_read_postfix_s) {
  write_contents(path("theirs"), source_);
  ASSERT_EQ(postmap(form(), GetParam().type + ':' + path("theirs")).second, 0);
  testing_support::NoPrograms programs;
  auto table = open_table(GetParam().type + ':' + path("theirs"), programs, [](const auto&) {});
  ASSERT_TRUE(table) << table.error().text();
  for (const auto& [key, value] : known_) {
    const auto found = table->full->find(key);
    ASSERT_TRUE(found && *found) << key;
    EXPECT_EQ((*found)->value, value);
    const auto none = table->full->find('x' + key);
    ASSERT_TRUE(none) << none.error().text();
    EXPECT_FALSE(*none) << key;
  }
}

TEST_P(CompiledAgreesTest, the_same_bytes_or_the_same_entries) {
  for (const bool replace : {false, true}) {
    write_contents(path("theirs"), source_);
    const std::string options = form() + (replace ? " -r" : "");
    ASSERT_EQ(postmap(options, GetParam().type + ':' + path("theirs")).second, 0);
    make("ours", replace ? OnDuplicate::replace : OnDuplicate::keep_first);
    if (GetParam().type == "cdb") {
      EXPECT_TRUE(*read_file(file("theirs")) == *read_file(file("ours"))) << replace;
      continue;
    }
    std::string shown;
    const auto visited = for_each_entry("lmdb", path("ours"), [&](auto key, auto value) {
      shown += fmt::format("{}\t{}\n", key, value);
      return true;
    });
    ASSERT_TRUE(visited);
    EXPECT_TRUE(postmap("-s", "lmdb:" + path("theirs")).first == shown) << replace;
    EXPECT_TRUE(postmap("-s", "lmdb:" + path("ours")).first == shown) << replace;
  }
}

TEST_P(CompiledAgreesTest, lmdb_is_changed_by_both) {
  if (GetParam().type != "lmdb") GTEST_SKIP() << "a cdb file is not changed in place";
  make("both", OnDuplicate::keep_first);
  testing_support::NoPrograms programs;
  auto table = open_table("lmdb:" + path("both"), programs, [](const auto&) {});
  ASSERT_TRUE(table);
  const auto ask = [&](std::string_view key) {
    const auto found = table->full->find(key);
    EXPECT_TRUE(found) << found.error().text();
    return found && *found ? (*found)->value : "-";
  };
  for (int i = 0; i < 4; ++i) {
    write_contents(path("new"), fmt::format("theirs v{}\nonly{} x\n", i, i));
    ASSERT_EQ(postmap(form() + " -r -i", "lmdb:" + path("both") + " < " + path("new")).second, 0);
    EXPECT_EQ(ask("theirs"), fmt::format("v{}", i));
    EXPECT_EQ(ask(fmt::format("only{}", i)), "x");
    auto maker = make_map("lmdb", path("both"), {MakeMode::incremental, 0644});
    ASSERT_TRUE(maker);
    ASSERT_TRUE((*maker)->put("ours", std::to_string(i), OnDuplicate::replace));
    EXPECT_TRUE(*(*maker)->remove(fmt::format("only{}", i)));
    ASSERT_TRUE((*maker)->commit());
    EXPECT_EQ(postmap("-q ours", "lmdb:" + path("both")).first, fmt::format("{}\n", i));
    EXPECT_NE(postmap(fmt::format("-q only{}", i), "lmdb:" + path("both")).second, 0);
    EXPECT_EQ(ask(fmt::format("only{}", i)), "-");
  }
  ASSERT_EQ(postmap("-d ours", "lmdb:" + path("both")).second, 0);
  EXPECT_EQ(ask("ours"), "-");
}

INSTANTIATE_TEST_SUITE_P(Types, CompiledAgreesTest,
                         testing::Values(Variant{"cdb", false}, Variant{"cdb", true},
                                         Variant{"lmdb", false}, Variant{"lmdb", true}),
                         [](const auto& variant) {
                           return variant.param.type + (variant.param.with_nul ? "_with_nul" : "");
                         });

}  // namespace

}  // namespace headgate::tables
