// The values and texts are those of postmap(1) 3.7 for the same tables; types_agree_test.py asks it again.
#include "tables/combined_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tables/shared_table.h"

namespace headgate::tables {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Files final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    return fail(Code::not_found, "open " + name + ": No such file or directory");
  }

  Result<std::string> read_text(const std::string& path, std::size_t,
                                const rules::TextForm& form) override {
    asked.push_back(form.name + "|" + path);
    if (path == "/a") return std::string("k of-a\n192.0.2.0/24 net\n");
    if (path == "/b") return std::string("k of-b\n");
    return fail(Code::not_found, "open " + path + ": No such file or directory");
  }

  std::vector<std::string> asked;
};

class CombinedTable : public testing::Test {
 protected:
  Result<OpenTable> open(std::string_view spec, const OpenOptions& options = {}) {
    return open_table(
        spec, files_, [this](const Diagnostic& d) { warnings_.push_back(d.text); }, options);
  }

  // The value, "(none)", "error: …" from the lookup or the text of what open_table() says.
  std::string ask(std::string_view spec, std::string_view key, const OpenOptions& options = {}) {
    const auto table = open(spec, options);
    if (!table) return table.error().text();
    const auto found = table->full->find(key);
    if (!found) return "error: " + found.error().text();
    return *found ? (*found)->value : "(none)";
  }

  Files files_;
  std::vector<std::string> warnings_;
};

struct Case {
  const char* spec;
  const char* answer;  // to "k"
};

TEST_F(CombinedTable, AnswersAsPostmap) {
  const Case kCases[] = {
      {"unionmap:{static:a,static:b}", "a,b"},
      {"unionmap:{ static:a static:b }", "a,b"},
      {"unionmap:{static:a,,static:a}", "a,a"},
      {"unionmap:{static:{a b},static:c}", "a b,c"},
      {"unionmap:{inline:{k=},static:b}", "b"},
      {"unionmap:{inline:{k=},inline:{k=}}", "(none)"},
      {"unionmap:{inline:{x=y}}", "(none)"},
      {"unionmap:{texthash:/a, texthash:/b}", "of-a,of-b"},
      {"pipemap:{inline:{k=l},inline:{l=m}}", "m"},
      {"pipemap:{inline:{K=L},inline:{l=m}}", "m"},
      {"pipemap:{inline:{k=l},inline:{x=m}}", "(none)"},
      {"pipemap:{inline:{k=},static:x}", "x"},
      {"pipemap:{inline:{k=}}", ""},
      {"pipemap:{inline:{z=l},fail:x}", "(none)"},
      {"pipemap:{unionmap:{static:k,static:j},inline:{{k,j=5}}}", "5"},
      {"unionmap:{inline:{k=1}, pipemap:{inline:{k=l}, inline:{{l = 2 3}}}}", "1,2 3"},
      {"randmap:{a}", "a"},
      {"randmap:{,a,}", "a"},
      {"randmap:{{a b}}", "{a b}"},
      {"randmap:{a={b}}", "a={b}"},
      {"proxy:static:a", "a"},
      {"proxy:unionmap:{proxy:static:a, static:b}", "a,b"},
      {"unionmap:{fail:x,static:b}",
       "error: fail:x is unavailable. Every lookup in such a table fails"},
      {"unionmap:{static:b,fail:x}",
       "error: fail:x is unavailable. Every lookup in such a table fails"},
      {"pipemap:{static:b,fail:x}",
       "error: fail:x is unavailable. Every lookup in such a table fails"},
      {"fail:x", "error: fail:x is unavailable. Every lookup in such a table fails"},
  };
  for (const Case& c : kCases) EXPECT_EQ(ask(c.spec, "k"), c.answer) << c.spec;
}

TEST_F(CombinedTable, MistakesInPostfixWords) {
  const Case kCases[] = {
      {"unionmap:x", "bad syntax: \"unionmap:x\"; need \"unionmap:{type:name...}\""},
      {"unionmap:{}", "bad syntax: \"unionmap:{}\"; need \"unionmap:{type:name...}\""},
      {"unionmap:{static:a",
       "bad syntax: \"unionmap:{static:a\"; need \"unionmap:{type:name...}\""},
      {"unionmap:{static:a}x",
       "bad syntax: \"unionmap:{static:a}x\"; need \"unionmap:{type:name...}\""},
      {"unionmap:{static}", "bad syntax: \"unionmap:{static}\"; need \"unionmap:{type:name...}\""},
      {"pipemap:{ }", "bad syntax: \"pipemap:{ }\"; need \"pipemap:{type:name...}\""},
      {"randmap:{ }", "bad syntax: \"randmap:{ }\"; need \"randmap:{value...}\""},
      {"unionmap:{{static:a b}}", "unsupported dictionary type: {static"},
      {"unionmap:{foo:bar,static}", "unsupported dictionary type: foo"},
      {"pipemap:{static:a,:b}", "open dictionary: expecting \"type:name\" form instead of \":b\""},
      {"unionmap:{texthash:/no}", "open database /no: No such file or directory"},
      {"pipemap:{pcre:/no}", "open /no: No such file or directory"},
      {"proxy:", "open dictionary: expecting \"type:name\" form instead of \"proxy:\""},
      {"proxy:foo:bar", "unsupported dictionary type: foo"},
  };
  for (const Case& c : kCases) EXPECT_EQ(ask(c.spec, "k"), c.answer) << c.spec;
}

TEST_F(CombinedTable, TheFirstTableDecidesAboutPartialKeys) {
  const struct {
    const char* spec;
    bool whole_only;
  } kCases[] = {
      {"unionmap:{inline:{a=b}, cidr:/a}", false},
      {"unionmap:{cidr:/a, inline:{a=b}}", true},
      {"pipemap:{inline:{a=b}, cidr:/a}", false},
      {"pipemap:{cidr:/a, inline:{a=b}}", true},
      {"unionmap:{pipemap:{static:a}, cidr:/a}", false},
      {"unionmap:{randmap:{a}}", true},
      {"randmap:{a}", true},
      {"static:a", false},
  };

  for (const auto& c : kCases) {
    const auto table = open(c.spec);
    ASSERT_TRUE(table) << c.spec;
    EXPECT_EQ(table->full->whole_key_only(), c.whole_only) << c.spec;
  }
}

TEST_F(CombinedTable, WaitsWhenAPartDoes) {
  OpenOptions utf8;
  utf8.utf8 = true;
  for (const auto& [spec, waits] : std::vector<std::pair<const char*, bool>>{
           {"unionmap:{static:a, tcp:localhost:1}", true},
           {"pipemap:{static:a, unionmap:{socketmap:unix:/x:n}}", true},
           {"unionmap:{static:a, texthash:/a}", false}}) {
    EXPECT_EQ(open(spec)->full->may_wait(), waits) << spec;
    EXPECT_EQ(open(spec, utf8)->full->may_wait(), waits) << spec;
    const auto shared = open_shared_table(
        spec, files_, [](const Diagnostic&) {}, {}, 2);
    EXPECT_EQ((*shared)->may_wait(), waits) << spec;
  }
}

TEST_F(CombinedTable, OptionsReachThePartsInside) {
  OpenOptions exact;
  exact.fold = false;
  EXPECT_EQ(ask("pipemap:{inline:{k=L},inline:{l=m}}", "k", exact), "(none)");
  OpenOptions utf8;
  utf8.utf8 = true;
  EXPECT_EQ(ask("unionmap:{static:\xff}", "k", utf8), "error: table static:\xff: query error");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("static:\xff: key \"k\": non-UTF-8 value")));
}

TEST_F(CombinedTable, ARandomMapComesToAllItsValues) {
  const auto table = open("randmap:{a, b, b, c}");
  std::set<std::string> seen;
  for (int i = 0; i < 10000 && seen.size() < 3; ++i) seen.insert((*table->full->find("k"))->value);
  EXPECT_EQ(seen, (std::set<std::string>{"a", "b", "c"}));
}

TEST_F(CombinedTable, NestingEnds) {
  const auto nested = [](int depth) {
    std::string spec = "static:a";
    for (int i = 0; i < depth; ++i) spec = "unionmap:{" + spec + "}";
    return spec;
  };
  EXPECT_EQ(ask(nested(30), "k"), "a");
  EXPECT_EQ(ask(nested(100), "k"), "tables in tables, more than 32 deep");
  EXPECT_EQ(ask(nested(20000), "k"), "tables in tables, more than 32 deep");
  EXPECT_EQ(ask("pipemap:{" + std::string(100000, '{') + std::string(100000, '}') + "}", "k")
                .substr(0, 11),
            "bad syntax:");
  std::string proxies;
  for (int i = 0; i < 10000; ++i) proxies += "proxy:";
  EXPECT_EQ(ask(proxies + "static:a", "k"), "a");
}

// The source is asked for each file in its own form, so that a change of it is a change of the table.
TEST_F(CombinedTable, FilesInsideAreReadThroughTheSource) {
  ASSERT_TRUE(open("unionmap:{texthash:/a, pipemap:{cidr:/a, texthash:/b}}"));
  EXPECT_THAT(files_.asked, ElementsAre("texthash folded|/a", "|/a", "texthash folded|/b"));
}

// One file in two forms, in copies that share what is loaded.
TEST_F(CombinedTable, CopiesOfASharedTableHaveAllItsParts) {
  const auto shared = open_shared_table(
      "unionmap:{cidr:/a, texthash:/a, texthash:/b}", files_, [](const Diagnostic&) {}, {}, 3);
  ASSERT_TRUE(shared);
  EXPECT_EQ(files_.asked.size(), 3U);
  EXPECT_EQ((*(*shared)->find("k"))->value, "of-a,of-b");
  EXPECT_EQ((*(*shared)->find("192.0.2.1"))->value, "net");
}

}  // namespace

}  // namespace headgate::tables
