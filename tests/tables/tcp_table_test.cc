// Replies and what they mean are those that postmap(1) 3.7 was seen to make of them; clients_agree_test.py asks it again.
#include "tables/tcp_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tables/fake_server.h"

namespace headgate::tables {

namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

class TcpTableTest : public testing::Test {
 protected:
  std::unique_ptr<Lookup> open(const FakeServer& server) {
    ClientLimits limits;
    limits.pause = milliseconds(1);
    limits.total = total_;
    return std::move(*open_tcp_table(
        "tcp:x", server.address(), [this](const Diagnostic& d) { warnings_.push_back(d.text); },
        limits));
  }

  // The value, "(none)" or "error".
  static std::string ask(Lookup& table, std::string_view key) {
    const auto found = table.find(key);
    if (!found) return "error";
    return *found ? (*found)->value : "(none)";
  }

  milliseconds total_{30000};
  std::vector<std::string> warnings_;
};

TEST_F(TcpTableTest, RepliesMeanWhatPostfixTakesThemFor) {
  struct Case {
    std::string reply, answer;
  };

  const Case kCases[] = {
      {"200 v", "v"},
      {"200 two  words ", "two  words "},
      {"200\tv", "v"},
      {"200 ", ""},
      {"200 v\r", "v\r"},
      {"200 a%20b%0a%25", "a b\n%"},
      {"200 %C3%bC", "\xc3\xbc"},
      {"200 \xff", "\xff"},
      {"200 a%00b", "a"},
      {std::string("200 a\0b", 7), "a"},
      {"200 " + std::string(4091, 'x'), std::string(4091, 'x')},
      {"500 no", "(none)"},
      {"501 no", "(none)"},
      {"250 v", "v"},
      {"450 later", "error"},
      {"400 later", "error"},
      {"500", "error"},
      {"200", "error"},
      {"500 a%zz", "error"},
      {"200 a%2", "error"},
      {"200 %-1", "error"},
      {"600 x", "error"},
      {"2000 v", "error"},
      {"200x v", "error"},
      {" 200 v", "error"},
      {"+200 v", "error"},
      {"", "error"},
      {"hello", "error"},
  };
  for (const Case& c : kCases) {
    const FakeServer server([&c](Peer& peer) {
      while (!peer.read_until('\n').empty()) {
        peer.say_slowly(c.reply.substr(0, 20));
        peer.say((c.reply.size() > 20 ? c.reply.substr(20) : "") + "\n");
      }
    });
    const auto table = open(server);
    EXPECT_EQ(ask(*table, "k"), c.answer) << c.reply;
    EXPECT_EQ(server.connections(), 1) << c.reply;  // what is malformed is not asked for again
  }
}

TEST_F(TcpTableTest, KeysAreEncoded) {
  std::vector<std::string> asked;
  {
    const FakeServer server([&](Peer& peer) {
      for (std::string line; !(line = peer.read_until('\n')).empty();) {
        asked.push_back(line);
        peer.say("500 no\n");
      }
    });
    const auto table = open(server);
    for (const char* key : {"ABC@x", "a b%\t\n", "\xc3\xbc\x7f", ""}) ask(*table, key);
    EXPECT_EQ(server.connections(), 1);
  }
  EXPECT_THAT(asked, ElementsAre("get ABC@x", "get a%20b%25%09%0A", "get %C3%BC%7F", "get "));
}

TEST_F(TcpTableTest, AClosedConnectionIsReplacedAtOnce) {
  total_ = milliseconds(30000);
  const FakeServer server([](Peer& peer) {
    peer.read_until('\n');
    peer.say("200 " + std::to_string(peer.number()) + "\n");
    if (peer.number() == 2) {  // dies while it is asked
      peer.read_until('\n');
    }
  });
  const auto table = open(server);
  for (const char* answer : {"1", "2", "3"}) EXPECT_EQ(ask(*table, "k"), answer);
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(TcpTableTest, AnUnaskedReplyIsNobodysAnswer) {
  const FakeServer server([](Peer& peer) {
    while (!peer.read_until('\n').empty())
      peer.say(peer.number() == 1 ? "200 first\n200 late\n" : "200 second\n");
  });
  const auto table = open(server);
  EXPECT_EQ(ask(*table, "k"), "first");
  EXPECT_EQ(ask(*table, "k"), "second");
}

TEST_F(TcpTableTest, TenTriesAndOneComplaint) {
  const FakeServer server([](Peer& peer) {
    peer.read_until('\n');
    if (peer.number() < 5) peer.say("200 par");
  });
  const auto table = open(server);
  EXPECT_EQ(ask(*table, "k"), "error");
  EXPECT_EQ(server.connections(), 10);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("read TCP map reply from 127.0.0.1:")));
  EXPECT_THAT(warnings_[0], HasSubstr(": unexpected EOF"));
}

TEST_F(TcpTableTest, TooLongIsAnError) {
  const FakeServer server([](Peer& peer) {
    peer.read_until('\n');
    peer.say("200 " + std::string(4092, 'x') + "\n");
    peer.wait_for_end();
  });
  const auto table = open(server);
  EXPECT_EQ(ask(*table, "k"), "error");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("text longer than 4096")));
}

TEST_F(TcpTableTest, SilenceEndsAtTheTotal) {
  total_ = milliseconds(50);
  const FakeServer server([](Peer& peer) {
    peer.read_until('\n');
    peer.wait_for_end();
  });
  const auto table = open(server);
  const auto found = table->find("k");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::timeout);
  EXPECT_LE(server.connections(), 1);  // perhaps not accepted yet
}

TEST_F(TcpTableTest, WaitsAndTakesWholeKeys) {
  const auto table = open_tcp_table("tcp:localhost:1", "localhost:1", [](const Diagnostic&) {});
  ASSERT_TRUE(table);
  EXPECT_TRUE((*table)->may_wait());
  EXPECT_TRUE((*table)->whole_key_only());
  EXPECT_EQ((*table)->name(), "tcp:localhost:1");
}

}  // namespace

}  // namespace headgate::tables
