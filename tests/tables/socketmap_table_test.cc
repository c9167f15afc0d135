// Replies and what they mean are those that postmap(1) 3.7 was seen to make of them; clients_agree_test.py asks it again.
#include "tables/socketmap_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tables/fake_server.h"

namespace headgate::tables {

namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

std::string netstring(std::string_view text) {
  return std::to_string(text.size()).append(":").append(text).append(",");
}

class SocketmapTableTest : public testing::Test {
 protected:
  std::unique_ptr<Lookup> open(const FakeServer& server) {
    return std::move(*open_socketmap_table(
        "socketmap:x", "inet:" + server.address() + ":nm",
        [this](const Diagnostic& d) { warnings_.push_back(d.text); }, limits_));
  }

  static std::string ask(Lookup& table, std::string_view key) {
    const auto found = table.find(key);
    if (!found) return "error";
    return *found ? (*found)->value : "(none)";
  }

  ClientLimits limits_;
  std::vector<std::string> warnings_;
};

TEST_F(SocketmapTableTest, RepliesMeanWhatPostfixTakesThemFor) {
  struct Case {
    std::string reply, answer, warning;
  };

  const std::string server_error = "socketmap:x socketmap server ";
  const std::string lookup_error = "table socketmap:x lookup error: ";
  const Case kCases[] = {
      {netstring("OK value"), "value", ""},
      {netstring("OK  two  w "), " two  w ", ""},
      {netstring("OK "), "", ""},
      {netstring("OK"), "(none)", ""},
      {netstring("OK a\nb"), "a\nb", ""},
      {netstring(std::string("OK a\0b", 6)), "a", ""},
      {netstring("OK " + std::string(99997, 'x')), std::string(99997, 'x'), ""},
      {netstring("OK " + std::string(99998, 'x')), "error",
       lookup_error + "input exceeds size limit"},
      {netstring("NOTFOUND "), "(none)", ""},
      {netstring("NOTFOUND"), "(none)", ""},
      {netstring("NOTFOUND x"), "(none)", ""},
      {netstring("TEMP later"), "error", server_error + "temporary error: later"},
      {netstring("TEMP "), "error", server_error + "temporary error"},
      {netstring("TIMEOUT t"), "error", server_error + "timeout error: t"},
      {netstring("PERM p"), "error", server_error + "permanent error: p"},
      {netstring("PERM"), "error", server_error + "permanent error"},
      {netstring("ok v"), "error", server_error + "unknown error: v"},
      {netstring("OK\tv"), "error", server_error + "unknown error"},
      {netstring(""), "error", server_error + "unknown error"},
      {"8:OK value;", "error", lookup_error + "input format error"},
      {"hello\n", "error", lookup_error + "input format error"},
  };
  for (const Case& c : kCases) {
    warnings_.clear();
    const FakeServer server([&c](Peer& peer) {
      while (!peer.read_netstring().empty()) {
        peer.say_slowly(c.reply.substr(0, 9));
        if (c.reply.size() > 9) peer.say(c.reply.substr(9));
      }
    });
    const auto table = open(server);
    EXPECT_EQ(ask(*table, "k"), c.answer) << c.reply.substr(0, 50);
    EXPECT_EQ(server.connections(), 1) << c.reply.substr(0, 50);
    EXPECT_EQ(warnings_.empty() ? "" : warnings_[0], c.warning);
  }
}

TEST_F(SocketmapTableTest, AsksWithTheMapsNameAndTheKeyAsItIs) {
  std::vector<std::string> asked;
  {
    const FakeServer server([&](Peer& peer) {
      for (std::string text; !(text = peer.read_netstring()).empty();) {
        asked.push_back(text);
        peer.say(netstring("NOTFOUND "));
      }
    });
    const auto table = open(server);
    for (const char* key : {"ABC@x", "a b%\n", "\xc3\xbc\xff", ""}) ask(*table, key);
    EXPECT_EQ(server.connections(), 1);
  }
  EXPECT_THAT(asked, ElementsAre("nm ABC@x", "nm a b%\n", "nm \xc3\xbc\xff", "nm "));
}

TEST_F(SocketmapTableTest, AsksOnceMoreWhenTheServerHangsUp) {
  const FakeServer server([](Peer& peer) {
    peer.read_netstring();
    if (peer.number() == 2) {
      peer.say(netstring("OK v"));
      peer.read_netstring();  // the next question, unanswered
    }
    if (peer.number() > 2) peer.say("9:OK");
  });
  const auto table = open(server);
  EXPECT_EQ(ask(*table, "k"), "v");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_THAT(warnings_, ElementsAre());
  EXPECT_EQ(ask(*table, "k"), "error");
  EXPECT_EQ(server.connections(), 3);
  EXPECT_THAT(warnings_, ElementsAre("table socketmap:x lookup error: unexpected disconnect"));
}

TEST_F(SocketmapTableTest, OldAndIdleConnectionsAreNotUsedAgain) {
  for (auto* limit : {&limits_.idle, &limits_.life}) {
    limits_ = ClientLimits();
    *limit = milliseconds(0);
    const FakeServer server([](Peer& peer) {
      while (!peer.read_netstring().empty()) peer.say(netstring("OK v"));
    });
    const auto table = open(server);
    EXPECT_EQ(ask(*table, "k") + ask(*table, "k"), "vv");
    EXPECT_EQ(server.connections(), 2);
  }
}

TEST_F(SocketmapTableTest, SilenceEndsAtTheTotal) {
  limits_.total = milliseconds(50);
  const FakeServer server([](Peer& peer) {
    peer.read_netstring();
    peer.wait_for_end();
  });
  const auto table = open(server);
  const auto found = table->find("k");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::timeout);
  EXPECT_LE(server.connections(), 1);  // perhaps not accepted yet
  EXPECT_TRUE(table->may_wait());
  EXPECT_TRUE(table->whole_key_only());
}

TEST_F(SocketmapTableTest, NobodyListens) {
  const auto table =
      open_socketmap_table("socketmap:x", "unix:/no/such:n",
                           [this](const Diagnostic& d) { warnings_.push_back(d.text); });
  EXPECT_EQ(ask(**table, "k"), "error");
  EXPECT_THAT(warnings_, ElementsAre("connect to /no/such: No such file or directory",
                                     "table socketmap:x lookup error: No such file or directory"));
}

TEST_F(SocketmapTableTest, WrongNames) {
  const auto error = [](std::string_view name) {
    return open_socketmap_table("socketmap:x", name, [](const Diagnostic&) {}).error().what;
  };
  EXPECT_EQ(error("x"), "socketmap requires server:socketmap argument");
  EXPECT_EQ(error("unix:/x"), "need service transport:endpoint instead of \"unix\"");
  EXPECT_EQ(error("foo:bar:baz"), "invalid transport name: foo in service: foo:bar");
}

}  // namespace

}  // namespace headgate::tables
