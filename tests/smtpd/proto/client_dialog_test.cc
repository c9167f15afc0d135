// Dialogues as text: "S: reply" goes in, what the client says is compared with the "C:" lines.
#include "smtpd/proto/client_dialog.h"

#include <gtest/gtest.h>

#include "engine/base/text.h"

namespace headgate::proto {
namespace {

ClientRequest request(std::vector<std::string> recipients = {"a@x.example"}) {
  ClientRequest r;
  r.helo_name = "me.example";
  r.server = "mx.example[192.0.2.1]";
  r.sender = "s@y.example";
  for (std::string& path : recipients) {
    ClientRecipient to;
    to.path = std::move(path);
    r.recipients.push_back(std::move(to));
  }
  r.size_bytes = 1000;
  return r;
}

// Plays `script`; content is "sent" where the script says "C: <content>".
void play(ClientDialog& dialog, std::string_view script) {
  ReplyCollector collector;
  std::string said;
  for (std::string_view line : text::split(script, "\n")) {
    line = text::trim(line);
    if (line.empty()) continue;
    const std::string_view what = line.substr(3);
    if (line[0] == 'S') {
      EXPECT_EQ("", said) << "before " << line;
      ASSERT_TRUE(dialog.awaits_reply()) << line;
      const auto progress = collector.add(what);
      ASSERT_NE(ReplyCollector::Progress::malformed, progress) << line;
      if (progress == ReplyCollector::Progress::complete) dialog.on_reply(collector.take());
      said += dialog.take_output();
    } else if (what == "<content>" || what == "<dot>") {
      ASSERT_TRUE(dialog.wants_content());
      EXPECT_EQ(what == "<content>", dialog.content_is_wanted());
      dialog.content_sent();
      said += dialog.take_output();
    } else {
      const std::string expected = std::string(what) + "\r\n";
      ASSERT_EQ(expected, said.substr(0, expected.size()));
      said.erase(0, expected.size());
    }
  }
  EXPECT_EQ("", said);
}

constexpr const char* kUtf8Server = R"(
  S: 220 mx.example ESMTP
  C: EHLO me.example
  S: 250-mx.example
  S: 250 SMTPUTF8
  C: MAIL FROM:<s@y.example> SMTPUTF8
)";

constexpr const char* kAsciiServer = R"(
  S: 220 mx.example ESMTP
  C: EHLO me.example
  S: 250-mx.example
  S: 250 DSN
)";

// What the client declared is passed on where it can be; only who needs it insists (RFC 6531 §3.2; as Postfix).
TEST(ClientDialog, Smtputf8) {
  ClientRequest declared = request();
  declared.smtputf8 = true;
  ClientDialog offered(declared);
  play(offered, kUtf8Server);
  ClientDialog not_offered(declared);
  play(not_offered, std::string(kAsciiServer) + "C: MAIL FROM:<s@y.example>\n");

  declared.smtputf8_needed = true;
  ClientDialog needed(declared);
  play(needed, std::string(kAsciiServer) + "C: QUIT\n");
  ASSERT_TRUE(needed.settled());
  EXPECT_EQ(needed.verdicts()[0].result, ClientResult::bounced);
  EXPECT_EQ(needed.verdicts()[0].dsn, "5.6.7");
  EXPECT_EQ(needed.verdicts()[0].text,
            "SMTPUTF8 is required, but was not offered by host mx.example[192.0.2.1]");
}

constexpr const char* kPipelined = R"(
  S: 220 mx.example ESMTP
  C: EHLO me.example
  S: 250-mx.example
  S: 250-PIPELINING
  S: 250-SIZE 10240000
  S: 250-8BITMIME
  S: 250 DSN
)";

TEST(ClientDialog, Pipelined) {
  ClientDialog dialog(request({"a@x.example", "b@x.example"}));
  play(dialog, std::string(kPipelined) + R"(
    C: MAIL FROM:<s@y.example> SIZE=1000
    C: RCPT TO:<a@x.example>
    C: RCPT TO:<b@x.example>
    C: DATA
    S: 250 2.1.0 Ok
    S: 250 2.1.5 Ok
    S: 550 5.1.1 no such user
    S: 354 go on
    C: <content>
    S: 250 2.0.0 Ok: queued as 123
    C: QUIT
  )");
  EXPECT_TRUE(dialog.finished());
  EXPECT_EQ(ClientResult::sent, dialog.verdicts()[0].result);
  EXPECT_EQ("2.0.0", dialog.verdicts()[0].dsn);
  EXPECT_EQ("250 2.0.0 Ok: queued as 123", dialog.verdicts()[0].text);
  EXPECT_EQ(ClientResult::bounced, dialog.verdicts()[1].result);
  EXPECT_EQ("5.1.1", dialog.verdicts()[1].dsn);
  EXPECT_EQ("host mx.example[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)",
            dialog.verdicts()[1].text);
}

TEST(ClientDialog, OneByOneAfterHelo) {
  ClientRequest r = request({"a@x.example", "b@x.example"});
  r.body = Body::eight_bit_mime;
  ClientDialog dialog(r);
  play(dialog, R"(
    S: 220 hello
    C: EHLO me.example
    S: 500 what?
    C: HELO me.example
    S: 250 mx.example
    C: MAIL FROM:<s@y.example>
    S: 250 ok
    C: RCPT TO:<a@x.example>
    S: 450 4.2.0 greylisted
    C: RCPT TO:<b@x.example>
    S: 250 ok
    C: DATA
    S: 354 go on
    C: <content>
    S: 250 done
    C: QUIT
  )");
  EXPECT_EQ(ClientResult::deferred, dialog.verdicts()[0].result);
  EXPECT_EQ("4.2.0", dialog.verdicts()[0].dsn);
  EXPECT_EQ(ClientResult::sent, dialog.verdicts()[1].result);
}

TEST(ClientDialog, DsnParametersAndEightBitPassThrough) {
  ClientRequest r = request();
  r.body = Body::eight_bit_mime;
  r.dsn_ret = "HDRS";
  r.dsn_envid = "a+b c";
  r.recipients[0].notify = "SUCCESS,FAILURE";
  r.recipients[0].orcpt = "rfc822;x=y@z";
  ClientDialog dialog(r);
  play(dialog, std::string(kPipelined) + R"(
    C: MAIL FROM:<s@y.example> SIZE=1000 BODY=8BITMIME ENVID=a+2Bb+20c RET=HDRS
    C: RCPT TO:<a@x.example> ORCPT=rfc822;x+3Dy@z NOTIFY=SUCCESS,FAILURE
    C: DATA
  )");
}

TEST(ClientDialog, NothingIsSentWhenEverybodyWasRefused) {
  ClientDialog one(request());
  play(one, std::string(kPipelined) + R"(
    C: MAIL FROM:<s@y.example> SIZE=1000
    C: RCPT TO:<a@x.example>
    C: DATA
    S: 250 ok
    S: 550 no
    S: 354 go on anyway
    C: <dot>
    S: 554 no valid recipients
    C: QUIT
  )");
  EXPECT_EQ(ClientResult::bounced, one.verdicts()[0].result);
  EXPECT_EQ("5.0.0", one.verdicts()[0].dsn);
  ClientDialog two(request());
  play(two, std::string(kPipelined) + R"(
    C: MAIL FROM:<s@y.example> SIZE=1000
    C: RCPT TO:<a@x.example>
    C: DATA
    S: 550 5.7.1 go away
    S: 503 5.5.1 need MAIL
    S: 503 5.5.1 need RCPT
    C: QUIT
  )");
  EXPECT_EQ("host mx.example[192.0.2.1] said: 550 5.7.1 go away (in reply to MAIL FROM command)",
            two.verdicts()[0].text);
}

TEST(ClientDialog, FinalRefusal) {
  ClientDialog dialog(request());
  play(dialog, std::string(kPipelined) + R"(
    C: MAIL FROM:<s@y.example> SIZE=1000
    C: RCPT TO:<a@x.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go on
    C: <content>
    S: 451 4.3.0 disk full
    C: QUIT
  )");
  EXPECT_EQ(ClientResult::deferred, dialog.verdicts()[0].result);
  EXPECT_EQ(
      "host mx.example[192.0.2.1] said: 451 4.3.0 disk full (in reply to end of DATA command)",
      dialog.verdicts()[0].text);
}

TEST(ClientDialog, AServerThatWillNotTalk) {
  ClientDialog dialog(request());
  play(dialog, "S: 421 4.3.2 busy\nC: QUIT");
  EXPECT_TRUE(dialog.site_failed());
  EXPECT_EQ(ClientResult::deferred, dialog.verdicts()[0].result);
  EXPECT_EQ("host mx.example[192.0.2.1] refused to talk to me: 421 4.3.2 busy",
            dialog.verdicts()[0].text);
}

TEST(ClientDialog, AGreetingOf5xxIsNotForGood) {
  ClientDialog dialog(request());
  play(dialog, "S: 554 no service\nC: QUIT");
  EXPECT_TRUE(dialog.site_failed());
  EXPECT_EQ(ClientResult::deferred, dialog.verdicts()[0].result);
  EXPECT_EQ("4.0.0", dialog.verdicts()[0].dsn);
  EXPECT_EQ("host mx.example[192.0.2.1] refused to talk to me: 554 no service",
            dialog.verdicts()[0].text);
}

TEST(ClientDialog, TooLargeForTheServer) {
  ClientRequest r = request();
  r.size_bytes = 20'000'000;
  ClientDialog dialog(r);
  play(dialog, std::string(kPipelined) + "C: QUIT");
  EXPECT_EQ("5.3.4", dialog.verdicts()[0].dsn);
  EXPECT_EQ("message size 20000000 exceeds size limit 10240000 of server mx.example[192.0.2.1]",
            dialog.verdicts()[0].text);
}

TEST(ClientDialog, TooManyRecipientsIsForLater) {
  ClientDialog dialog(request({"a@x.example", "b@x.example"}));
  play(dialog, R"(
    S: 220 hello
    C: EHLO me.example
    S: 250 mx
    C: MAIL FROM:<s@y.example>
    S: 250 ok
    C: RCPT TO:<a@x.example>
    S: 250 ok
    C: RCPT TO:<b@x.example>
    S: 552 too many
    C: DATA
  )");
  EXPECT_EQ(ClientResult::deferred, dialog.verdicts()[1].result);
}

TEST(ClientDialog, ALostConnectionDefersWhoHasNoVerdict) {
  ClientDialog early(request());
  early.lost("4.4.2", "lost connection with mx");
  EXPECT_TRUE(early.site_failed());
  EXPECT_EQ("lost connection with mx while receiving the initial server greeting",
            early.verdicts()[0].text);

  ClientDialog late(request({"a@x.example", "b@x.example"}));
  play(late, std::string(kPipelined) + R"(
    C: MAIL FROM:<s@y.example> SIZE=1000
    C: RCPT TO:<a@x.example>
    C: RCPT TO:<b@x.example>
    C: DATA
    S: 250 ok
    S: 550 no
    S: 250 ok
    S: 354 go on
    C: <content>
  )");
  late.lost("4.4.2", "lost connection with mx");
  EXPECT_FALSE(late.site_failed());
  EXPECT_EQ(ClientResult::bounced, late.verdicts()[0].result);
  EXPECT_EQ(ClientResult::deferred, late.verdicts()[1].result);
  EXPECT_EQ(
      "lost connection with mx while sending end of data -- message may be sent more than once",
      late.verdicts()[1].text);
  EXPECT_TRUE(late.finished());
}

TEST(ClientDialog, WhoGivesUpDefersInItsOwnWords) {
  ClientRequest request;
  request.recipients.resize(2);
  ClientDialog dialog(request);
  dialog.abandon("4.3.0", "local data error while talking to h[192.0.2.1]");
  EXPECT_TRUE(dialog.settled());
  EXPECT_FALSE(dialog.site_failed());
  for (const ClientVerdict& verdict : dialog.verdicts()) {
    EXPECT_EQ(ClientResult::deferred, verdict.result);
    EXPECT_EQ("4.3.0", verdict.dsn);
    EXPECT_EQ("local data error while talking to h[192.0.2.1]", verdict.text);
  }
}

TEST(ReplyCollector, Lines) {
  const struct {
    const char* line;
    ReplyCollector::Progress expected;
  } rows[] = {{"250 ok", ReplyCollector::Progress::complete},
              {"250", ReplyCollector::Progress::complete},
              {"250-ok", ReplyCollector::Progress::more},
              {"", ReplyCollector::Progress::malformed},
              {"25", ReplyCollector::Progress::malformed},
              {"999 x", ReplyCollector::Progress::malformed},
              {"ok 250", ReplyCollector::Progress::malformed},
              {"250x", ReplyCollector::Progress::malformed},
              {"050 x", ReplyCollector::Progress::malformed}};

  for (const auto& row : rows) {
    ReplyCollector collector;
    EXPECT_EQ(row.expected, collector.add(row.line)) << row.line;
  }
}

TEST(ReplyDsn, OnlyOfTheRepliesOwnClass) {
  EXPECT_EQ("5.7.1", reply_dsn({550, {"5.7.1 no"}}));
  EXPECT_EQ("5.0.0", reply_dsn({550, {"4.7.1 no"}}));
  EXPECT_EQ("4.0.0", reply_dsn({450, {"no"}}));
  EXPECT_EQ("2.0.0", reply_dsn({250, {}}));
}

}  // namespace
}  // namespace headgate::proto
