#include "tables/shared_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/rules/program.h"

namespace headgate::tables {

namespace {

class NoPrograms final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    ++loads;
    return fail(Code::not_found, "open " + name + ": No such file or directory");
  }

  Result<std::string> read_text(const std::string& path, std::size_t /*limit_bytes*/,
                                const rules::TextForm& /*form*/) override {
    ++texts;
    return "from " + path + "\n";
  }

  int loads = 0, texts = 0;
};

class FromDisk final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    return fail(Code::not_found, "no compiler in this test", name);
  }
};

TEST(SharedTable, ATextComesOnceAndFromTheSource) {
  NoPrograms programs;
  auto table = open_shared_table(
      "texthash:/no/such", programs, [](const Diagnostic&) {}, {}, 3);
  ASSERT_TRUE(table) << table.error().text();
  EXPECT_EQ(programs.texts, 1);
  const auto found = (*table)->find("from");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->value, "/no/such");
}

class Throwing final : public match::Confirmer {
 public:
  match::Outcome test(std::string_view, match::Scratch&,
                      std::vector<match::Group>*) const override {
    throw std::bad_alloc();
  }

  [[nodiscard]] std::size_t group_count() const override { return 0; }
};

// A table of one rule that throws.
class ThrowingPrograms final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    rules::ProgramParts parts;
    parts.name = name;
    parts.patterns.emplace_back().reference = std::make_shared<Throwing>();
    rules::Rule rule;
    rule.line = 1;
    parts.rules.push_back(rule);
    parts.ops.push_back(rules::Op{rules::OpKind::test, rules::Role::rule, false, 1, 0, 2});
    parts.ops.push_back(rules::Op{rules::OpKind::emit, rules::Role::rule, false, 1, 0, 0});
    rules::CompiledTable table;
    table.full = std::make_shared<const rules::Program>(std::move(parts));
    return table;
  }
};

TEST(SharedTable, AFindThatThrowsGivesItsCopyBack) {
  ThrowingPrograms programs;
  auto table = open_shared_table(
      "pcre:/x", programs, [](const Diagnostic&) {}, {}, 2);
  ASSERT_TRUE(table) << table.error().text();
  for (int i = 0; i < 3; ++i)  // the third would wait for ever
    EXPECT_THROW(static_cast<void>((*table)->find("a")), std::bad_alloc);
}

TEST(SharedTable, ManyThreadsAskAndAllGetTheirAnswer) {
  NoPrograms programs;
  auto table = open_shared_table(
      "inline:{a=1, b=2}", programs, [](const Diagnostic&) {}, {}, 2);
  ASSERT_TRUE(table) << table.error().text();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const bool first = (i + t) % 2 == 0;
        const auto found = (*table)->find(first ? "a" : "b");
        if (found && *found && (*found)->value == (first ? "1" : "2") &&
            (*found)->table == "inline:{a=1, b=2}")
          ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 8 * 500);
  EXPECT_EQ((*table)->name(), "inline:{a=1, b=2}");
  EXPECT_FALSE((*table)->whole_key_only());
}

TEST(SharedTable, WarningsComeOnce) {
  const std::string path = testing::TempDir() + "shared_table_cidr";
  std::ofstream(path) << "10.0.0.1/8 bad\n10.0.0.0/8 good\n";
  FromDisk programs;
  std::vector<std::string> warnings;
  auto table = open_shared_table(
      "cidr:" + path, programs, [&](const Diagnostic& d) { warnings.push_back(d.text); }, {}, 3);
  ASSERT_TRUE(table);
  EXPECT_EQ(warnings.size(), 1U);
  EXPECT_TRUE((*table)->whole_key_only());
  const auto found = (*table)->find("10.1.1.1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->value, "good");
}

TEST(SharedTable, AnErrorIsOpenTablesOwn) {
  NoPrograms programs;
  const auto table = open_shared_table(
      "pcre:/no/such", programs, [](const Diagnostic&) {}, {}, 4);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().text(), "open /no/such: No such file or directory");
  EXPECT_EQ(programs.loads, 1);
}

}  // namespace

}  // namespace headgate::tables
