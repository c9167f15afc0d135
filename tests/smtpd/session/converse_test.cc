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
           const std::function<void(ServiceState&)>& change = nullptr) {
    ASSERT_TRUE(house_.configure(main_cf));
    if (change) change(*house_.calm);
    states_ = std::make_unique<FakeStates>(house_.calm);
    wire_ = std::make_unique<ScriptWire>(testing_support::parse_script(script));
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
  std::unique_ptr<FakeStates> states_;
  std::unique_ptr<ScriptWire> wire_;
};

TEST_F(ConverseTest, AGroupOfCommandsIsAnsweredInOneWrite) {
  run("S: 220\nC: EHLO c\nS: 250\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<x@here.example>\nC: "
      "RSET\nC: QUIT\n"
      "S: 250\nS: 250\nS: 250\nS: 221\n");
  EXPECT_EQ(wire_->flushes(), 3);  // greeting, EHLO, the group
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
