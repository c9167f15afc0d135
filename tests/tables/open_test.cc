#include "tables/open.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tables/utf8_table.h"

namespace headgate::tables {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A ProgramSource that has no table at all; it remembers what it was asked for.
class NoPrograms final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect dialect, const std::string& name) override {
    asked.push_back((dialect == rules::Dialect::pcre ? "pcre " : "regexp ") + name);
    return fail(Code::not_found, "open " + name + ": No such file or directory");
  }

  std::vector<std::string> asked;
};

class OpenTableTest : public testing::Test {
 protected:
  Result<OpenTable> open(std::string_view spec, const OpenOptions& options = {}) {
    return open_table(
        spec, programs_, [this](const Diagnostic& d) { warnings_.push_back(d.text); }, options);
  }

  NoPrograms programs_;
  std::vector<std::string> warnings_;
};

TEST_F(OpenTableTest, EachTypeHasItsRow) {
  const auto table = open("static:x");
  ASSERT_TRUE(table);
  const auto found = table->full->find("any");  // borrows the table's name
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->value, "x");
  EXPECT_EQ((*found)->table, "static:x");
  EXPECT_TRUE(open("inline:{a=b}"));
  EXPECT_EQ(open("texthash:/no/such/file").error().text(),
            "open database /no/such/file: No such file or directory");
  EXPECT_EQ(open("cdb:/no/such").error().text(),
            "open database /no/such.cdb: No such file or directory");
  EXPECT_EQ(open("lmdb:/no/such").error().text(),
            "open database /no/such.lmdb: No such file or directory");
  EXPECT_THAT(open("btree:/no/such").error().text(), HasSubstr("headgate map btree:/no/such"));
}

TEST_F(OpenTableTest, RegexTablesComeFromTheProgramSource) {
  EXPECT_EQ(open("pcre:/no/such").error().text(), "open /no/such: No such file or directory");
  EXPECT_EQ(open("regexp:{ {/a/ b} }").error().code, Code::not_found);
  EXPECT_THAT(programs_.asked, ElementsAre("pcre /no/such", "regexp { {/a/ b} }"));
}

TEST_F(OpenTableTest, UnknownTypeIsPostfixText) {
  EXPECT_EQ(open("foo:bar").error().text(), "unsupported dictionary type: foo");
  EXPECT_THAT(open("nis:/x").error().text(),
              HasSubstr("unsupported dictionary type: nis (Postfix has it"));
  EXPECT_THAT(open("/no/such").error().text(), HasSubstr("Berkeley DB is not supported"));  // hash
  EXPECT_EQ(open("pcre:").error().text(),
            "open dictionary: expecting \"type:name\" form instead of \"pcre:\"");
}

TEST_F(OpenTableTest, Utf8WarnsOfBadKeysAndFailsOnBadValues) {
  OpenOptions options;
  options.utf8 = true;
  auto good = open("static:v", options);
  ASSERT_TRUE(good);
  const auto nothing = good->full->find("x\xff");
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
  auto bad = open("static:v\xff", options);
  ASSERT_TRUE(bad);
  const auto error = bad->full->find("x");
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().text(), "table static:v\xff: query error");
  EXPECT_THAT(warnings_,
              ElementsAre("static:v: non-UTF-8 key \"x\xff\": malformed UTF-8 or invalid codepoint",
                          "static:v\xff: key \"x\": non-UTF-8 value \"v\xff\": malformed UTF-8 or "
                          "invalid codepoint"));
}

TEST_F(OpenTableTest, AnUnavailableTableFailsEveryLookup) {
  auto error = open("pcre:/no/such").error();
  const auto table = unavailable_table("pcre:/no/such", std::move(error));
  EXPECT_EQ(table->name(), "pcre:/no/such");
  const auto found = table->find("x");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::unavailable);
  EXPECT_EQ(found.error().text(),
            "pcre:/no/such is unavailable. open /no/such: No such file or directory");
}

}  // namespace

}  // namespace headgate::tables
