// Replies and what they mean are those that postmap(1) 3.7 was seen to make of them; clients_agree_test.py asks it again.
#include "tables/memcache_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tables/memcache_config.h"
#include "tests/tables/fake_server.h"

namespace headgate::tables {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Files are what the test says they are.
class Files final : public rules::ProgramSource {
 public:
  Result<rules::CompiledTable> load(rules::Dialect, const std::string& name) override {
    return fail(Code::not_found, "open " + name + ": No such file or directory");
  }

  Result<std::string> read_text(const std::string& path, std::size_t,
                                const rules::TextForm& form) override {
    const auto file = texts.find(path);
    if (file == texts.end())
      return fail(Code::not_found, "open " + path + ": No such file or directory");
    if (form.check) TRY_OK(form.check(file->second));
    return file->second;
  }

  std::map<std::string, std::string> texts;
};

class MemcacheTableTest : public testing::Test {
 protected:
  Result<OpenTable> open(const std::string& config) {
    files_.texts["/mc"] = config;
    return open_table("memcache:/mc", files_, warn());
  }

  std::unique_ptr<Lookup> open(const FakeServer& server,
                               const std::string& more = "max_try = 1\n") {
    auto table = open("memcache = inet:" + server.address() + "\n" + more);
    if (!table) {
      ADD_FAILURE() << table.error().text();
      return unavailable_table("memcache:/mc", table.error());
    }
    return std::move(table->full);
  }

  WarningSink warn() {
    return [this](const Diagnostic& d) { warnings_.push_back(d.text); };
  }

  static std::string ask(Lookup& table, std::string_view key) {
    const auto found = table.find(key);
    if (!found) return "error";
    return *found ? (*found)->value : "(none)";
  }

  Files files_;
  std::vector<std::string> warnings_;
};

// Stricter than Postfix: what is about another key, or does not end as it must, is out of step.
TEST_F(MemcacheTableTest, RepliesMeanWhatPostfixTakesThemFor) {
  struct Case {
    std::string reply, answer;
  };

  const std::string x(10240, 'x');
  const Case kCases[] = {
      {"VALUE k 0 5\r\nvalue\r\nEND\r\n", "value"},
      {"VALUE k 0 5\r\nvalue\r\nEND\n", "value"},
      {"VALUE other 0 5\r\nvalue\r\nEND\r\n", "error"},
      {"VALUE k 0 1 77\r\nv\r\nEND\r\n", "v"},
      {"VALUE  k  x  +1x\r\nv\r\nEND\r\n", "v"},
      {"VALUE k 0 1\r\nv\r\nFOO\r\n", "error"},
      {"VALUE k 0 3\r\na\nb\r\nEND\r\n", "a\nb"},
      {std::string("VALUE k 0 3\r\na\0b\r\nEND\r\n", 23), "a"},
      {"VALUE k 0 0\r\n\r\nEND\r\n", ""},
      {"VALUE k 0 10240\r\n" + x + "\r\nEND\r\n", x},
      {"VALUE k 0 10241\r\nx" + x + "\r\nEND\r\n", "error"},
      {"END\r\n", "(none)"},
      {"VALUE k 0 1\r\nvv\r\nEND\r\n", "error"},
      {"VALUE k 0 5\r\nv\r\nEND\r\n", "error"},
      {"VALUE k 0 -1\r\nv\r\nEND\r\n", "error"},
      {"VALUE k 1\r\nv\r\nEND\r\n", "error"},
      {"value k 0 1\r\nv\r\nEND\r\n", "error"},
      {"VALUE k 0 1\r\nv\r\n", "error"},
      {"VALUE k 0 99999999999\r\n", "error"},
      {"VALUE k 0 1 " + std::string(1100, 'x') + "\r\nv\r\nEND\r\n", "error"},
      {"ERROR\r\n", "error"},
      {"SERVER_ERROR x\r\n", "error"},
      {"END \r\n", "error"},
      {"\r\n", "error"},
      {"", "error"},
  };
  for (const Case& c : kCases) {
    const FakeServer server([&c](Peer& peer) {
      if (peer.read_until('\n') != "get k\r") return;
      peer.say_slowly(c.reply.substr(0, 25));
      if (c.reply.size() > 25) peer.say(c.reply.substr(25));
    });
    const auto table = open(server);
    EXPECT_EQ(ask(*table, "K"), c.answer) << c.reply.substr(0, 50);
  }
}

TEST(MemcacheKey, AsPostfixMakesIt) {
  struct Case {
    const char* format;
    const char* key;
    const char* asked;  // "(none)": it is not asked for
  };

  const Case kCases[] = {
      {"%s", "k", "k"},
      {"%s", "", "(none)"},
      {"const", "", "(none)"},
      {"", "k", "(none)"},
      {"%s", "a b", "(none)"},
      {"%s", "a\rb", "(none)"},
      {"a:%s:%S%%", "k", "a:k:k%"},
      {"%u", "user@d.example", "user"},
      {"%u", "user", "user"},
      {"%u", "user@", "user"},
      {"%u", "@d", "(none)"},
      {"%U", "a@b@c", "a@b"},
      {"%u", "\"a b\"@c", "(none)"},
      {"%d", "\"a b\"@c", "c"},
      {"%D", "user@d.example", "d.example"},
      {"%d", "user", "(none)"},
      {"%d", "user@", "(none)"},
      {"%1", "a@b.c", "c"},
      {"%2.%1", "a@x.b.c", "b.c"},
      {"%3", "a@b.c", "(none)"},
      {"%1", "b.c", "(none)"},
      {"%2.%1", "a@b..c", "b.c"},
      {"%1", "a@.", "(none)"},
      {"%1", "u@[1.2.3.4]", "4]"},
      {"%10", "a@b.c", "c0"},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(memcache_key(c.format, c.key).value_or("(none)"), c.asked)
        << c.format << ' ' << c.key;
}

TEST_F(MemcacheTableTest, TheBackupAnswersWhatTheServerHasNotOrCannot) {
  files_.texts["/words"] = "none 1\nbad 2\nhas 3\n";
  for (const char* backup : {"texthash:/words", "fail:x", "static:B"}) {
    const FakeServer server([](Peer& peer) {
      for (std::string line; !(line = peer.read_until('\n')).empty();) {
        if (line == "get has\r") peer.say("VALUE has 0 1\r\nv\r\nEND\r\n");
        if (line == "get none\r" || line == "get x\r") peer.say("END\r\n");
        if (line == "get bad\r") peer.say("ERROR\r\n");
      }
    });
    const auto table = open(server, std::string("max_try=1\nbackup = ") + backup + "\n");
    std::string answers;
    for (const char* key : {"has", "none", "bad", "x", "a b"}) answers += ask(*table, key) + " ";
    const std::string expected = backup == std::string("fail:x")     ? "v error error error (none) "
                                 : backup == std::string("static:B") ? "v B B B (none) "
                                                                     : "v 1 2 (none) (none) ";
    EXPECT_EQ(answers, expected) << backup;
  }
}

TEST_F(MemcacheTableTest, TriesAsOftenAsItIsTold) {
  const FakeServer server([](Peer& peer) { peer.read_until('\n'); });
  const auto table = open(server, "max_try = 2\nretry_pause = 1\n");
  EXPECT_EQ(ask(*table, "k"), "error");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_THAT(warnings_, ElementsAre("database memcache:/mc: I/O error: unexpected EOF"));
}

TEST_F(MemcacheTableTest, DomainsKeepTheOthersKeysAway) {
  files_.texts["/list"] = "# ours\nfrom.file\n";

  struct Case {
    const char* domain;
    const char* key;
    const char* answer;
  };

  const Case kCases[] = {
      {"k.example", "a@K.example", "v"},
      {"k.example", "a@sub.k.example", "(none)"},
      {"k.example", "k.example", "(none)"},
      {"k.example", "@k.example", "(none)"},
      {"!k.example, static:x", "a@k.example", "(none)"},
      {"!k.example, static:x", "a@x", "v"},
      {"/list", "a@from.file", "v"},
      {"inline:{t.example=1}", "a@t.example", "v"},
      {"fail:x", "a@x", "error"},
      {"fail:x", "a", "(none)"},
  };
  const FakeServer server([](Peer& peer) {
    for (std::string line = peer.read_until('\n'); !line.empty(); line = peer.read_until('\n'))
      peer.say("VALUE " + line.substr(4, line.size() - 5) + " 0 1\r\nv\r\nEND\r\n");
  });
  for (const Case& c : kCases) {
    const auto table = open(server, std::string("domain = ") + c.domain + "\n");
    EXPECT_EQ(ask(*table, c.key), c.answer) << c.domain << ' ' << c.key;
  }
}

TEST_F(MemcacheTableTest, MistakesInTheFile) {
  struct Case {
    const char* config;
    const char* error;
  };

  const Case kCases[] = {
      {"memcache = foo:x\n", "invalid transport name: foo in service: foo:x"},
      {"memcache =\n", "need service transport:endpoint instead of \"\""},
      {"timeout = x\n", "/mc: bad numerical configuration: timeout = x"},
      {"timeout = 1s\n", "/mc: bad numerical configuration: timeout = 1s"},
      {"max_try = 0\n", "/mc: invalid max_try parameter value 0 < 1"},
      {"line_size_limit = 99999999999\n",
       "/mc: bad numerical configuration: line_size_limit = 99999999999"},
      {"key_format = a%\n", "db_common_parse: /mc: Invalid query template: a%"},
      {"key_format = %0\n", "db_common_parse: /mc: Invalid query template: %0"},
      {"foo\n", "/mc, line 1: missing '=' after attribute name: \"foo\""},
      {"= x\n", "/mc, line 1: missing attribute name: \"= x\""},
      {"domain = /no\n", "open file /no: No such file or directory"},
      {"backup = name\n", "open dictionary: expecting \"type:name\" form instead of \"name\""},
      {"backup = foo:bar\n", "unsupported dictionary type: foo"},
      {"backup = memcache:/mc\n", "memcache:/mc leads back to itself"},
      {"backup = proxy:unionmap:{static:a, memcache:/mc}\n", "memcache:/mc leads back to itself"},
      {"domain = memcache:/mc\n", "memcache:/mc leads back to itself"},
  };
  for (const Case& c : kCases) {
    const auto table = open(c.config);
    ASSERT_FALSE(table) << c.config;
    EXPECT_EQ(table.error().text(), c.error);
  }
  EXPECT_EQ(open_table("memcache:/no/such", files_, warn()).error().text(),
            "open /no/such: No such file or directory");
  EXPECT_THAT(open_table("memcache:words", files_, warn()).error().text(),
              HasSubstr("name a file by its path"));
}

TEST_F(MemcacheTableTest, OfTwoEqualNamesTheLastCounts) {
  const auto table = open("key_format = a\n# remark\nkey_format = b\n  c\n");
  ASSERT_TRUE(table) << table.error().text();
  EXPECT_THAT(warnings_, ElementsAre("/mc, line 3: overriding earlier entry: key_format=a"));
  EXPECT_TRUE(table->full->may_wait());
  EXPECT_FALSE(table->full->whole_key_only());
}

}  // namespace

}  // namespace headgate::tables
