// What a dialogue file cannot say: how often replies are flushed, how long the tarpit waits, what a switch of stress does.
#include "smtpd/session/converse.h"

#include <gtest/gtest.h>

#include "tests/smtpd/session/session_house.h"
#include "tests/support/fake_lookup.h"
#include "tests/support/script_wire.h"

namespace headgate::session {
namespace {

using namespace std::chrono_literals;
using testing_support::ScriptWire;

class ConverseTest : public testing::Test {
 protected:
  // Runs a script; the wire stays for questions.
  void run(const std::string& script, const std::string& main_cf = "",
           const std::function<void(ServiceState&)>& change = nullptr,
           const std::string& cleanup = "") {
    ASSERT_TRUE(house_.configure(main_cf, cleanup));
    if (change) change(*house_.calm);
    states_ = std::make_unique<FakeStates>(house_.calm);
    wire_ = std::make_unique<ScriptWire>(testing_support::parse_script(script));
    if (piece_ != 0) wire_->read_at_most(piece_);
    Peer peer;
    peer.address = "192.0.2.7";
    Session session(1, "2525", peer, house_.calm);
    Dialogue dialogue(*wire_, session, house_.services());
    aio::io_context io;
    aio::co_spawn(io, converse(dialogue, *states_), [](std::exception_ptr e) { EXPECT_FALSE(e); });
    io.run();
    wire_->finish();
    for (const std::string& failure : wire_->failures()) {
      if (failure.find("not reached: \"\"") == std::string::npos) ADD_FAILURE() << failure;
    }
  }

  SessionHouse house_;
  std::size_t piece_ = 0;  // 0: content comes as it is sent
  std::unique_ptr<FakeStates> states_;
  std::unique_ptr<ScriptWire> wire_;
};

TEST_F(ConverseTest, AGroupOfCommandsIsAnsweredInOneWrite) {
  run("S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\nC: "
      "RSET\nC: QUIT\n"
      "S: 250\nS: 250\nS: 250\nS: 221\n");
  EXPECT_EQ(wire_->flushes(), 3);  // greeting, EHLO, the group
}

// A table that waits for another program concerns those who come to it. (192.0.2.7 is one of our networks.)
TEST_F(ConverseTest, OnlyWhatComesToATableThatWaitsLeavesTheLoop) {
  house_.loop.answers = false;
  const std::string message = "C: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\n";
  const std::string main =
      "smtpd_recipient_restrictions = permit_mynetworks, check_recipient_access tcp:127.0.0.1:1\n";
  const std::string all = "S: 220\nC: EHLO c\nS: 250\n" + message +
                          "C: DATA\nS: 250\nS: 250\nS: 354\nC: .\nS: 250\nC: ETRN a.b\nS: 459\n";
  run(all + "C: QUIT\nS: 221\n", main + "mynetworks = 192.0.2.0/24\n");
  EXPECT_EQ(house_.loop.asked, 0);
  run("S: 220\nC: EHLO c\nS: 250\n" + message + "S: 250\nS: 451 4.3.0\nC: QUIT\nS: 221\n", main);
  EXPECT_EQ(house_.loop.asked, 1);
  EXPECT_EQ(house_.log.count("access tables: nobody has answered"), 1);
}

// What the sender's list has put off is not forgotten by a question that nobody answered.
TEST_F(ConverseTest, AQuestionWithoutAnAnswerLeavesWhatWasDeferred) {
  house_.loop.answers = false;
  run("S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nS: 250\nC: RCPT "
      "TO:<good@here.example>\n"
      "S: 450\nC: RCPT TO:<busy@here.example>\nS: 451 4.3.0\nC: RCPT TO:<good@here.example>\nS: "
      "450\n"
      "C: QUIT\nS: 221\n",
      "smtpd_delay_reject = no\n"
      "smtpd_sender_restrictions = check_sender_access static:{DEFER_IF_PERMIT later}\n"
      "smtpd_relay_restrictions = reject_unauth_destination\n"
      "smtpd_recipient_restrictions = check_recipient_access inline:{good@here.example=OK}, "
      "check_recipient_access tcp:127.0.0.1:1\n");
  EXPECT_EQ(house_.loop.asked, 1);
}

// Postfix measures a record once it is complete, and none from the first bare newline on. What it logs, as Postfix
// 3.7.11 was seen to do, wherever the content is cut on its way.
TEST_F(ConverseTest, BareNewlineAndSizeAreToldAlikeHoweverTheContentArrives) {
  struct Row {
    std::string content;
    int too_big;
  };

  const std::string line = std::string(898, 'a') + "\\r\\n";
  const Row rows[] = {
      {line + line + line + "x\\n", 1},
      {line + line + std::string(300, 'b') + "\\n", 0},  // the bare line itself would cross
      {line + line + line.substr(0, 96) + "\\r\\nx\\n" + line, 0},
      {line + "\\n" + line + line, 0},
      {std::string(5000, 'a') + "\\n", 1},  // its first 2048 bytes are a record
      {std::string(2000, 'a') + "\\n", 0},
  };
  for (const Row& row : rows) {
    for (const std::size_t piece : {100000, 1, 7, 902, 2702}) {
      const int before = house_.log.count("queue file size limit exceeded");
      const int refused = house_.log.count("bare <LF> received");
      piece_ = piece;
      run("S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\n"
          "C: DATA\nS: 250\nS: 250\nS: 354\nC\\: " +
              row.content +
              "y\\r\\n.\\r\\n\nS: 550 5.5.2 mx.here.example Error: bare <LF> received\nC: QUIT\nS: "
              "221\n",
          "smtpd_forbid_bare_newline = reject\nmessage_size_limit = 2000\n");
      EXPECT_EQ(house_.log.count("queue file size limit exceeded") - before, row.too_big)
          << row.content.size() << " bytes in pieces of " << piece;
      EXPECT_EQ(house_.log.count("bare <LF> received") - refused, 1);
    }
  }
}

// smtpd's count: two for each record, so for each piece of a long line (here of 512 bytes); none for a leading "From "
// line.
TEST_F(ConverseTest, WhatCountsAsSize) {
  const std::pair<std::string, bool> rows[] = {
      {std::string(1992, 'a') + "\\r\\n", false},
      {std::string(1993, 'a') + "\\r\\n", true},
      {std::string(1988, 'a') + "\\r\\n\\r\\n\\r\\n", false},
      {std::string(1989, 'a') + "\\r\\n\\r\\n\\r\\n", true},
      {"From x" + std::string(100, 'f') + "\\r\\n" + std::string(1992, 'a') + "\\r\\n", false},
  };
  for (const auto& [content, too_big] : rows) {
    const int before = house_.log.count("queue file size limit exceeded");
    run("S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\n"
        "C: DATA\nS: 250\nS: 250\nS: 354\nC\\: " +
            content + ".\\r\\n\nS: " + (too_big ? "552 5.3.4" : "250") + "\nC: QUIT\nS: 221\n",
        "message_size_limit = 2000\nline_length_limit = 512\n", nullptr, "-o message_size_limit=0");
    EXPECT_EQ(house_.log.count("queue file size limit exceeded") - before, too_big ? 1 : 0);
  }
}

TEST_F(ConverseTest, TheTarpitDelaysEveryReplyOnce) {
  run("S: 220\nC: FOO\nS: 500\nC: EHLO c\nS: 250\nC: QUIT\nS: 221\n",
      "smtpd_soft_error_limit = 1\nsmtpd_error_sleep_time = 3s\n");
  EXPECT_EQ(house_.loop.paused, 9s);  // FOO, EHLO (many lines), QUIT
}

TEST_F(ConverseTest, AnAcceptedMessageForgivesErrors) {
  run("S: 220\nC: EHLO c\nS: 250\nC: FOO\nS: 500\nC: MAIL FROM:<a@b.example>\nC: RCPT "
      "TO:<x@here.example>\nC: DATA\n"
      "S: 250\nS: 250\nS: 354\nC: Subject: x\nC:\nC: .\nS: 250\nC: FOO\nS: 500\nC: QUIT\nS: 221\n",
      "smtpd_hard_error_limit = 2\n");
}

TEST_F(ConverseTest, TheDeadlineIsThatOfTheSettingsInForce) {
  run("S: 220\nC: QUIT\nS: 221\n", "smtpd_timeout = 77s\nsmtpd_per_request_deadline = yes\n");
  EXPECT_EQ(wire_->policy().budget, 77s);
  EXPECT_TRUE(wire_->policy().per_request);
}

// Asked about any line, its memory runs out.
std::shared_ptr<checks::TableList> exhausted_tables() {
  const support::FakeLookup::Answer answer =
      [](std::string_view) -> Result<std::optional<std::string>> { throw std::bad_alloc(); };
  auto list = std::make_shared<checks::TableList>();
  list->tables.push_back(std::make_unique<support::FakeLookup>("pcre:/x", answer));
  return list;
}

TEST_F(ConverseTest, ACheckThatThrowsCostsItsMessageAndNotTheSession) {
  const std::string transaction =
      "C: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\nC: DATA\nS: 250\nS: 250\nS: 354\n";
  const std::string script = "S: 220\nC: EHLO c\nS: 250\n" + transaction +
                             "C: Subject: x\nC:\nC: one\nC: .\n"
                             "S: 451 4.3.0 Error: queue file write error\n" +
                             transaction + "C: Subject: y\nC: .\nS: 250 2.0.0\nC: QUIT\nS: 221\n";
  run(script, "", [](ServiceState& state) { state.checks->body = exhausted_tables(); });
  EXPECT_EQ(house_.spool.messages.size(), 1U);
  EXPECT_EQ(house_.spool.open_writers, 0);
  EXPECT_EQ(house_.log.count("write queue file: std::bad_alloc"), 1);
}

// The turn for the tables may be long in coming, and a client waits two minutes for 354 (RFC 5321 §4.5.3.2.3).
TEST_F(ConverseTest, TheTablesAreNotAskedBefore354) {
  const support::FakeLookup::Answer nothing =
      [](std::string_view) -> Result<std::optional<std::string>> { return std::nullopt; };
  int asked = 0;
  house_.loop.before_inspecting = [&] {
    ++asked;
    EXPECT_NE(wire_->transcript().find("354 "), std::string::npos);
  };
  run("S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\n"
      "C: DATA\nS: 250\nS: 250\nS: 354\nC: Subject: x\nC: .\nS: 250\nC: QUIT\nS: 221\n",
      "", [&](ServiceState& state) {
        auto list = std::make_shared<checks::TableList>();
        list->tables.push_back(std::make_unique<support::FakeLookup>("pcre:/x", nothing));
        state.checks->body = std::move(list);
      });
  EXPECT_GT(asked, 0);
}

TEST_F(ConverseTest, ADiskThatFillsUpIs452AndNothingIsAcknowledged) {
  const std::string script =
      "S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\nC: "
      "DATA\n"
      "S: 250\nS: 250\nS: 354\nC: Subject: x\nC:\nC: .\nS: ";
  house_.spool.write_error = Error{Code::unavailable, "No space left on device", "incoming/1"};
  run(script + "452 4.3.1\nC: QUIT\nS: 221\n");
  house_.spool.write_error.reset();
  house_.spool.commit_error = Error{Code::io, "Input/output error", "incoming/1"};
  run(script + "451 4.3.0 Error: queue file write error\nC: QUIT\nS: 221\n");
  EXPECT_TRUE(house_.spool.messages.empty());
  EXPECT_TRUE(house_.door.woken.empty());
  EXPECT_EQ(house_.spool.open_writers, 0);
}

TEST_F(ConverseTest, NotEnoughRoomInTheQueueIs452AtMail) {
  house_.spool.free = 1000;
  run("S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nS: 452 4.3.1 Insufficient system "
      "storage\nC: QUIT\nS: 221\n");
}

TEST_F(ConverseTest, AMessageOfManyMegabytesIsStreamed) {
  ASSERT_TRUE(house_.configure(""));
  std::string script =
      "S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\nC: "
      "DATA\n"
      "S: 250\nS: 250\nS: 354\nC: Subject: long line\nC:\nC: ";
  script += std::string(1'000'000, 'y') + "\nC: .\nS: 250\nC: QUIT\nS: 221\n";
  run(script);
  ASSERT_EQ(house_.spool.messages.size(), 1U);
  EXPECT_NE(house_.spool.messages[0].content.find("\n\n" + std::string(1'000'000, 'y') + "\n"),
            std::string::npos);
}

}  // namespace
}  // namespace headgate::session
