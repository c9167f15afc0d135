#include "smtpd/session/queue_file_meter.h"

#include <gtest/gtest.h>

#include "tests/smtpd/session/session_house.h"

namespace headgate::session {
namespace {

// The figures are those of Postfix 3.7.11's own queue files: where the content begins (the second number of the
// message_size record), and the length of the whole file.
TEST(QueueFileMeter, TheEnvelopeIsAsLongAsPostfixs) {
  struct Row {
    const char *protocol, *helo, *sender, *ret, *envid;
    proto::Body body;
    std::vector<queue::Recipient> recipients;
    std::uint64_t bytes;
  };

  const auto to = [](const char* address, const char* original, const char* notify = "") {
    queue::Recipient recipient;
    recipient.address = address;
    recipient.original = original;
    recipient.notify = notify;
    return recipient;
  };
  const queue::Recipient me = to("me@here.example", "rfc822;me@here.example");
  const queue::Recipient you = to("you@here.example", "rfc822;you@here.example");
  const Row rows[] = {
      {"ESMTP", "client.example", "a@client.example", "", "", proto::Body::unspecified, {me}, 666},
      {"SMTP",
       "c",
       "",
       "HDRS",
       "abc+d",
       proto::Body::eight_bit_mime,
       {to("me@here.example", "rfc822;x+z@y.example", "SUCCESS,FAILURE"), you, you},
       758},
  };
  SessionHouse house;
  ASSERT_TRUE(house.configure(""));
  for (const Row& row : rows) {
    Peer peer;
    peer.address = peer.server_address = "127.0.0.1";
    peer.port = 35580;
    peer.server_port = 30394;
    Session session(1, "2525", peer, house.calm);
    session.protocol = row.protocol;
    session.helo = row.helo;
    session.envelope.emplace();
    session.envelope->sender = row.sender;
    session.envelope->dsn_ret = row.ret;
    session.envelope->dsn_envid = row.envid;
    session.envelope->body = row.body;
    session.envelope->recipients = row.recipients;
    QueueFileMeter meter(0, 2048);
    meter.envelope(session, "4jZ5Vt5RlPz1cXSx", false);
    EXPECT_EQ(meter.bytes(), row.bytes) << row.protocol;
  }
}

TEST(QueueFileMeter, TextIsCutIntoRecords) {
  const std::pair<std::size_t, std::uint64_t> rows[] = {
      {0, 2}, {1, 3}, {127, 129}, {128, 131}, {512, 515}, {513, 518}, {1024, 1030}};
  for (const auto& [length, bytes] : rows) {
    QueueFileMeter meter(0, 512);
    meter.text(std::string(length, 'x'));
    EXPECT_EQ(meter.bytes(), bytes) << length;
  }
}

TEST(QueueFileMeter, ABufferMustBeFullBeforeAWriteCanFail) {
  struct Row {
    std::uint64_t limit, bytes;
    bool over, fails;
  };

  const Row rows[] = {
      {0, 1000000, false, false}, {3000, 3000, false, false}, {3000, 3001, true, false},
      {3000, 4096, true, false},  {3000, 4097, true, true},   {4095, 4097, true, true},
      {4096, 8192, true, false},  {4096, 8193, true, true},
  };
  for (const Row& row : rows) {
    QueueFileMeter meter(row.limit, 2048);
    while (meter.bytes() < row.bytes) meter.text(row.bytes - meter.bytes() == 3 ? "x" : "");
    ASSERT_EQ(meter.bytes(), row.bytes);
    EXPECT_EQ(meter.over_limit(), row.over) << row.limit << ' ' << row.bytes;
    EXPECT_EQ(meter.write_fails(), row.fails) << row.limit << ' ' << row.bytes;
  }
}

}  // namespace
}  // namespace headgate::session
