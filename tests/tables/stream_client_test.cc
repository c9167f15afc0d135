#include "tables/stream_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/tables/fake_server.h"

namespace headgate::tables {

namespace {

using std::chrono::milliseconds;

StreamClient::Time in(milliseconds time) { return StreamClient::Clock::now() + time; }

const milliseconds kAmple{30000};  // never reached

TEST(ParseHostPort, AsPostfixReadsIt) {
  struct Case {
    const char* text;
    const char* answer;  // "host|service" or the error
  };

  const Case kCases[] = {
      {"h.example:25", "h.example|25"},
      {"127.0.0.1:smtp", "127.0.0.1|smtp"},
      {"[::1]:25", "::1|25"},
      {"::1:25", "::1|25"},
      {"[127.0.0.1]:25", "127.0.0.1|25"},
      {"25", "localhost|25"},
      {":25", "localhost|25"},
      {"x", "localhost|x"},
      {"[::1]", "[::1]: missing service information"},
      {"[::1", "[::1: missing \"]\""},
      {"[::1]x", "[::1]x: garbage after \"]\""},
      {"h:", "h:: missing service information"},
      {"a b:25", "a b:25: valid hostname or network address required"},
      {".:25", ".:25: valid hostname or network address required"},
      {"a..b:25", "a..b:25: valid hostname or network address required"},
      {"-a:25", "-a:25: valid hostname or network address required"},
      {"inet:127.0.0.1:25", "inet:127.0.0.1:25: valid hostname or network address required"},
      {"1x", "1x: garbage after numerical service"},
      {"h:1x", "h:1x: garbage after numerical service"},
  };
  for (const Case& c : kCases) {
    const auto parsed = parse_host_port(c.text);
    EXPECT_EQ(parsed ? parsed->host + "|" + parsed->service : parsed.error().what, c.answer);
  }
}

TEST(ParseEndpoint, InetAndUnix) {
  EXPECT_EQ(parse_endpoint("inet:h:1")->host, "h");
  EXPECT_EQ(parse_endpoint("unix:/a:b")->path, "/a:b");
  EXPECT_EQ(parse_endpoint("local:/a")->text, "/a");
  EXPECT_EQ(parse_endpoint("inet:").error().what,
            "need service transport:endpoint instead of \"inet:\"");
  EXPECT_EQ(parse_endpoint("x").error().what, "need service transport:endpoint instead of \"x\"");
  EXPECT_EQ(parse_endpoint("foo:b").error().what, "invalid transport name: foo in service: foo:b");
  const std::string longest(200, 'x');
  EXPECT_EQ(parse_endpoint("unix:" + longest).error().what,
            "unix-domain name too long: " + longest);
}

StreamClient connected(const FakeServer& server) {
  StreamClient client(*parse_host_port(server.address()));
  const auto done = client.connect(in(kAmple));
  EXPECT_TRUE(done) << done.error().text();
  return client;
}

TEST(StreamClient, ReadsLinesHoweverTheyArrive) {
  const FakeServer server([](Peer& peer) {
    peer.say_slowly("one\n");
    peer.say("two\nthree\n\n12");
  });
  StreamClient client = connected(server);
  for (const char* line : {"one", "two", "three", ""})
    EXPECT_EQ(*client.read_line(100, in(kAmple)), line);
  EXPECT_EQ(client.read_line(100, in(kAmple)).error().code, Code::closed);  // half a line
}

TEST(StreamClient, ALineHasALimitThatCountsItsNewline) {
  const FakeServer server([](Peer& peer) {
    peer.say("1234\n12345\n");
    peer.wait_for_end();
  });
  StreamClient client = connected(server);
  EXPECT_EQ(*client.read_line(5, in(kAmple)), "1234");
  const auto line = client.read_line(5, in(kAmple));
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::limit);
  EXPECT_EQ(line.error().what, "text longer than 5");
}

TEST(StreamClient, NetstringsMustBeOnes) {
  struct Case {
    const char* sent;
    const char* answer;
  };

  const Case kCases[] = {
      {"3:abc,", "abc"},
      {"0:,", ""},
      {"03:a\nb,", "a\nb"},
      {"3:abc;", "input format error"},
      {":abc,", "input format error"},
      {"-3:abc,", "input format error"},
      {" 3:abc,", "input format error"},
      {"3 :abc,", "input format error"},
      {"x", "input format error"},
      {"000000000000000000000000000003:abc,", "input format error"},
      {"11:", "input exceeds size limit"},
      {"99999999999999999999999:", "input exceeds size limit"},
      {"5:abc", "unexpected EOF"},
      {"5", "unexpected EOF"},
      {"", "unexpected EOF"},
  };
  for (const Case& c : kCases) {
    const FakeServer server([&c](Peer& peer) { peer.say_slowly(c.sent); });
    StreamClient client = connected(server);
    const auto text = client.read_netstring(10, in(kAmple));
    EXPECT_EQ(text ? *text : text.error().what, c.answer) << c.sent;
  }
}

TEST(StreamClient, TheDeadlineHoldsAgainstSilenceAndTrickling) {
  for (const bool trickles : {false, true}) {
    const FakeServer server([trickles](Peer& peer) {
      for (int i = 0; trickles && i < 50; ++i) peer.say_slowly("x");
      peer.wait_for_end();
    });
    StreamClient client = connected(server);
    const auto line = client.read_line(4096, in(milliseconds(30)));
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, Code::timeout);
    EXPECT_EQ(line.error().what, "Connection timed out");
  }
}

TEST(StreamClient, IsOfNoUseAfterAnUnaskedWordOrTheEnd) {
  const FakeServer server([](Peer& peer) {
    if (peer.number() == 1) peer.say("200 v\nmore\n");
    if (peer.number() == 2) peer.say("200 v\n");
    if (peer.number() == 3) {
      peer.say("200 v\n");
      peer.wait_for_end();
    }
  });
  StreamClient client(*parse_host_port(server.address()));
  EXPECT_FALSE(client.usable());
  for (const bool usable : {false, false, true}) {
    ASSERT_TRUE(client.connect(in(kAmple)));
    EXPECT_EQ(*client.read_line(100, in(kAmple)), "200 v");
    // The server's good-bye may still be on its way.
    for (int i = 0; i < 1000 && client.usable() != usable; ++i)
      std::this_thread::sleep_for(milliseconds(1));
    EXPECT_EQ(client.usable(), usable);
  }
}

TEST(StreamClient, SendsMoreThanTheSocketHolds) {
  const std::string big(8U << 20U, 'x');
  const FakeServer server([&big](Peer& peer) {
    peer.say(peer.read_exactly(big.size()) == big ? "ok\n" : "no\n");
    peer.wait_for_end();
  });
  StreamClient client = connected(server);
  ASSERT_TRUE(client.send(big, in(kAmple)));
  EXPECT_EQ(*client.read_line(100, in(kAmple)), "ok");
}

TEST(StreamClient, SaysWhyThereIsNoConnection) {
  StreamClient nowhere(*parse_endpoint("unix:/no/such/socket"));
  const auto none = nowhere.connect(in(kAmple));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::unavailable);
  EXPECT_EQ(none.error().what, "No such file or directory");
  StreamClient nobody(*parse_host_port("127.0.0.1:nosuchservice"));
  EXPECT_EQ(nobody.connect(in(kAmple)).error().what.substr(0, 55),
            "host or service 127.0.0.1:nosuchservice not found: Serv");
}

}  // namespace

}  // namespace headgate::tables
