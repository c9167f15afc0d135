// The whole client in memory. In these scripts the roles are turned round: "C:" is what the other server says, "S:" what
// we answer.
#include "smtpd/deliver/smtp_client.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/support/fake_env.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/log_collector.h"
#include "tests/support/queue_file_maker.h"
#include "tests/support/scratch_directory.h"
#include "tests/support/script_wire.h"

namespace headgate::deliver {
namespace {

using testing_support::FakeEnv;
using testing_support::FakeResolver;
using testing_support::parse_script;
using testing_support::ScratchDirectory;
using testing_support::ScriptWire;

// A Wire that lends a ScriptWire, so that the test can look at it after the client has closed and dropped its own.
class LentWire final : public net::Wire {
 public:
  explicit LentWire(ScriptWire& wire) : wire_(wire) {}

  void set_deadline_policy(net::DeadlinePolicy policy) override {
    wire_.set_deadline_policy(policy);
  }

  void reset_deadline() override { wire_.reset_deadline(); }

  Task<Result<net::Line>> read_line(std::size_t limit) override { return wire_.read_line(limit); }

  Task<Result<std::string_view>> read_some() override { return wire_.read_some(); }

  void consume(std::size_t bytes) override { wire_.consume(bytes); }

  std::string_view pending() override { return wire_.pending(); }

  [[nodiscard]] std::string_view buffered() const override { return wire_.buffered(); }

  void queue(std::string_view bytes) override { wire_.queue(bytes); }

  Task<Result<void>> flush() override { return wire_.flush(); }

  Task<Result<net::TlsInfo>> start_tls(const net::TlsStart& how) override {
    return wire_.start_tls(how);
  }

  void close() override { wire_.close(); }

  void interrupt() override { wire_.interrupt(); }

 private:
  ScriptWire& wire_;
};

class ScriptConnector final : public Connector {
 public:
  // "" = connection refused.
  void expect(std::string address, std::string_view script) {
    addresses_.push_back(std::move(address));
    wires.push_back(script.empty() ? nullptr : std::make_unique<ScriptWire>(parse_script(script)));
  }

  Task<Result<std::unique_ptr<net::Wire>>> connect(
      std::string address, std::uint16_t port, std::chrono::milliseconds /*deadline*/) override {
    EXPECT_LT(next_, addresses_.size()) << "unexpected connection to " << address;
    if (next_ >= addresses_.size()) co_return fail(Code::unavailable, "unexpected");
    EXPECT_EQ(addresses_[next_], address + ":" + std::to_string(port));
    ScriptWire* wire = wires[next_++].get();
    if (wire == nullptr) co_return fail(Code::unavailable, "Connection refused");
    co_return std::make_unique<LentWire>(*wire);
  }

  void finish() {
    EXPECT_EQ(addresses_.size(), next_) << "connections";
    for (const auto& wire : wires) {
      if (wire == nullptr) continue;
      wire->finish();
      for (const std::string& failure : wire->failures()) ADD_FAILURE() << failure;
    }
  }

  std::vector<std::unique_ptr<ScriptWire>> wires;

 private:
  std::vector<std::string> addresses_;
  std::size_t next_ = 0;
};

constexpr const char* kAccepting = R"(C: 220 mx ESMTP
S: EHLO me.example
C: 250-mx
C: 250 PIPELINING
S: MAIL FROM:<s@y.example>
S: RCPT TO:<a@x.example>
S: DATA
C: 250 2.1.0 ok
C: 250 2.1.5 ok
C: 354 go on
S: Subject: x
S: 
S: ..dot
S: .
C: 250 2.0.0 queued
S: QUIT
)";

class SmtpClientTest : public ::testing::Test {
 protected:
  SmtpClientTest() : pool_(1) {
    settings_.myhostname = "me.example";
    envelope_.sender = "s@y.example";
    content_ = "Subject: x\n\n.dot\n";
  }

  ~SmtpClientTest() override { pool_.join(); }

  std::vector<queue::Outcome> deliver(const std::string& nexthop,
                                      std::vector<std::string> to = {"a@x.example"}) {
    const auto file = testing_support::make_queue_file(scratch_.path("m"), content_, envelope_, to);
    if (damage_) {
      std::string bytes = testing_support::contents_of(scratch_.path("m"));
      bytes[30] = static_cast<char>(bytes[30] ^ 1);
      testing_support::write_contents(scratch_.path("m"), bytes);
    }
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < to.size(); ++i) all.push_back(i);
    const queue::Delivery delivery("ID", "smtp:" + nexthop, file, all, env_.wall());
    SmtpClient client(pool_, turns_, settings_, resolver_, connector_, env_, log_, nullptr);
    std::vector<queue::Outcome> outcomes;
    aio::io_context context;
    aio::co_spawn(context, client.deliver(delivery, nexthop),
                  [&outcomes](std::exception_ptr thrown, std::vector<queue::Outcome> result) {
                    EXPECT_FALSE(thrown);
                    outcomes = std::move(result);
                  });
    context.run();
    connector_.finish();
    EXPECT_EQ(to.size(), outcomes.size());
    outcomes.resize(to.size());
    return outcomes;
  }

  ScratchDirectory scratch_;
  FakeEnv env_;
  testing_support::LogCollector log_;
  FakeResolver resolver_;
  ScriptConnector connector_;
  config::Settings settings_;
  queue::Envelope envelope_;
  std::string content_;
  bool damage_ = false;
  aio::thread_pool pool_;
  net::Turns turns_{1};
};

TEST_F(SmtpClientTest, DeliversToABracketedAddress) {
  connector_.expect("127.0.0.1:2526", kAccepting);
  const auto outcome = deliver("[127.0.0.1]:2526")[0];
  EXPECT_EQ(queue::Status::sent, outcome.status);
  EXPECT_EQ("127.0.0.1[127.0.0.1]:2526", outcome.relay);
  EXPECT_EQ("250 2.0.0 queued", outcome.text);
}

TEST_F(SmtpClientTest, AsksForMailExchangersInOrder) {
  resolver_.exchangers["x.example"] = {{10, "one.example"}, {20, "two.example"}};
  resolver_.hosts = {{"one.example", {"192.0.2.1"}}, {"two.example", {"192.0.2.2", "2001:db8::2"}}};
  connector_.expect("192.0.2.1:25", "");
  connector_.expect("192.0.2.2:25", kAccepting);
  const auto outcome = deliver("x.example")[0];
  EXPECT_EQ(queue::Status::sent, outcome.status);
  EXPECT_EQ("two.example[192.0.2.2]:25", outcome.relay);
}

TEST_F(SmtpClientTest, WithoutExchangersTheDomainItself) {
  resolver_.hosts = {{"x.example", {"192.0.2.9"}}};
  connector_.expect("192.0.2.9:25", kAccepting);
  EXPECT_EQ(queue::Status::sent, deliver("x.example")[0].status);
}

TEST_F(SmtpClientTest, NameServiceFailures) {
  resolver_.failing = {"try.example", "flaky-mx.example"};
  resolver_.exchangers["null.example"] = {{0, ""}};
  resolver_.exchangers["loop.example"] = {{10, "me.example"}, {20, "backup.example"}};
  resolver_.exchangers["gone-mx.example"] = {{10, "nowhere.example"}};
  resolver_.exchangers["half.example"] = {{10, "nowhere.example"}, {20, "flaky-mx.example"}};

  const struct {
    const char* domain;
    queue::Status status;
    const char* dsn;
  } rows[] = {{"try.example", queue::Status::deferred, "4.4.3"},
              {"none.example", queue::Status::bounced, "5.4.4"},
              {"null.example", queue::Status::bounced, "5.1.10"},
              {"loop.example", queue::Status::bounced, "5.4.6"},
              {"gone-mx.example", queue::Status::bounced, "5.4.4"},
              {"half.example", queue::Status::deferred, "4.4.3"}};

  for (const auto& row : rows) {
    const auto outcome = deliver(row.domain)[0];
    EXPECT_EQ(row.status, outcome.status) << row.domain;
    EXPECT_EQ(row.dsn, outcome.dsn) << row.domain << ": " << outcome.text;
  }
}

TEST_F(SmtpClientTest, ABackupExchangerTriesOnlyBetterOnes) {
  resolver_.exchangers["x.example"] = {
      {5, "best.example"}, {10, "me.example"}, {20, "worse.example"}};
  resolver_.hosts = {{"best.example", {"192.0.2.1"}}, {"worse.example", {"192.0.2.2"}}};
  connector_.expect("192.0.2.1:25", "");
  const auto outcome = deliver("x.example")[0];
  EXPECT_EQ(queue::Status::deferred, outcome.status);
  EXPECT_EQ("connect to best.example[192.0.2.1]:25: Connection refused", outcome.text);
  EXPECT_EQ("none", outcome.relay);
  EXPECT_TRUE(outcome.site_failed);
}

TEST_F(SmtpClientTest, ABusyServerIsPassedOver) {
  resolver_.hosts = {{"x.example", {"192.0.2.1", "192.0.2.2"}}};
  connector_.expect("192.0.2.1:25", "C: 421 busy\nS: QUIT\n");
  connector_.expect("192.0.2.2:25", kAccepting);
  EXPECT_EQ(queue::Status::sent, deliver("[x.example]")[0].status);
}

TEST_F(SmtpClientTest, AtMostTwoSessions) {
  resolver_.hosts = {{"x.example", {"192.0.2.1", "192.0.2.2", "192.0.2.3"}}};
  connector_.expect("192.0.2.1:25", "C: 421 busy\nS: QUIT\n");
  connector_.expect("192.0.2.2:25", "C: 421 busy\nS: QUIT\n");
  const auto outcome = deliver("[x.example]")[0];
  EXPECT_EQ(queue::Status::deferred, outcome.status);
  EXPECT_TRUE(outcome.site_failed);
}

TEST_F(SmtpClientTest, ARefusedRecipientIsNotTheOthersFault) {
  connector_.expect("127.0.0.1:25", R"(C: 220 mx
S: EHLO me.example
C: 250 mx
S: MAIL FROM:<s@y.example>
C: 250 ok
S: RCPT TO:<a@x.example>
C: 550 5.1.1 who?
S: RCPT TO:<b@x.example>
C: 250 ok
S: DATA
C: 354 go on
S: Subject: x
S: 
S: ..dot
S: .
C: 250 ok
S: QUIT
)");
  const auto outcomes = deliver("[127.0.0.1]", {"a@x.example", "b@x.example"});
  EXPECT_EQ(queue::Status::bounced, outcomes[0].status);
  EXPECT_EQ(queue::Status::sent, outcomes[1].status);
}

// FILTER, content_filter and relayhost may name several places.
TEST_F(SmtpClientTest, EachDestinationOfAListIsTriedInTurn) {
  resolver_.failing = {"flaky.example"};
  for (const char* between : {", ", " ", ",", "\t", ",,"}) {
    connector_.expect("127.0.0.1:1", "");
    connector_.expect("127.0.0.1:2", "C: 421 busy\nS: QUIT\n");
    connector_.expect("127.0.0.1:3", kAccepting);
    std::string list;
    for (const char* name : {"[127.0.0.1]:1", "[none.example]", "[flaky.example]:9",
                             "[127.0.0.1]:2", "[127.0.0.1]:3", "[127.0.0.1]:4"})
      list += name + std::string(between);
    const auto outcome = deliver(list)[0];
    EXPECT_EQ(queue::Status::sent, outcome.status) << list;
    EXPECT_EQ("127.0.0.1[127.0.0.1]:3", outcome.relay);
  }
}

TEST_F(SmtpClientTest, TheLastDestinationOfAListSaysWhy) {
  connector_.expect("127.0.0.1:1", "");
  connector_.expect("127.0.0.1:2", "");
  const auto refused = deliver("[127.0.0.1]:1, [127.0.0.1]:2")[0];
  EXPECT_EQ("connect to 127.0.0.1[127.0.0.1]:2: Connection refused", refused.text);
  EXPECT_TRUE(refused.site_failed);

  connector_.expect("127.0.0.1:1", "");
  const auto unknown = deliver("[127.0.0.1]:1, [none.example]")[0];
  EXPECT_EQ(queue::Status::bounced, unknown.status);
  EXPECT_EQ("5.4.4", unknown.dsn);
}

TEST_F(SmtpClientTest, ARefusalIsNotTakenToTheNextDestination) {
  connector_.expect(
      "127.0.0.1:1",
      "C: 220 mx\nS: EHLO me.example\nC: 250 mx\nS: MAIL\nC: 550 5.7.1 no\nS: QUIT\n");
  const auto outcome = deliver("[127.0.0.1]:1, [127.0.0.1]:2")[0];
  EXPECT_EQ(queue::Status::bounced, outcome.status);
  EXPECT_EQ("5.7.1", outcome.dsn);
}

// Each destination has its own five addresses and two conversations.
TEST_F(SmtpClientTest, TheLimitsAreADestinations) {
  resolver_.hosts = {{"x.example", {"192.0.2.1", "192.0.2.2", "192.0.2.3"}}};
  connector_.expect("192.0.2.1:25", "C: 421 busy\nS: QUIT\n");
  connector_.expect("192.0.2.2:25", "C: 421 busy\nS: QUIT\n");
  connector_.expect("127.0.0.1:2", kAccepting);
  EXPECT_EQ(queue::Status::sent, deliver("[x.example] [127.0.0.1]:2")[0].status);
}

// We are its backup: whom else we gave it to could only send it back.
TEST_F(SmtpClientTest, WhereWeAreAnExchangerTheListEnds) {
  resolver_.exchangers["loop.example"] = {{10, "me.example"}};
  EXPECT_EQ("5.4.6", deliver("loop.example, [127.0.0.1]:2")[0].dsn);
  resolver_.exchangers["x.example"] = {{5, "best.example"}, {10, "me.example"}};
  resolver_.hosts = {{"best.example", {"192.0.2.1"}}};
  connector_.expect("192.0.2.1:25", "");
  EXPECT_EQ("4.4.1", deliver("x.example, [127.0.0.1]:2")[0].dsn);
}

TEST_F(SmtpClientTest, ABadDestinationIsReachedOnlyInItsTurn) {
  connector_.expect("127.0.0.1:1", kAccepting);
  EXPECT_EQ(queue::Status::sent, deliver("[127.0.0.1]:1, [127.0.0.1]:x")[0].status);
  const auto outcome = deliver("[127.0.0.1]:x, [127.0.0.1]:1")[0];
  EXPECT_EQ("4.3.5", outcome.dsn);
  EXPECT_EQ("4.3.5", deliver(" , ")[0].dsn);
}

// Each row was asked of Postfix 3.7.11, as relayhost alone and, where the two differ, with default_transport.
TEST_F(SmtpClientTest, ARelayhostOfOneNameThatDoesNotExistBouncesNothing) {
  const struct {
    const char *relayhost, *nexthop;
    bool connects;  // to 127.0.0.1:9, where nobody is
    const char* dsn;
  } rows[] = {
      {"[none.example]", "[none.example]", false, "4.3.5"},
      {"[none.example]", "[other.example]", false, "5.4.4"},
      {"[NONE.example]", "[none.example]", false, "5.4.4"},
      {"none.example, none2.example", "none.example, none2.example", false, "5.4.4"},
      {"[none.example], [none2.example]", "[none.example], [none2.example]", false, "5.4.4"},
      {"[none.example] [none2.example]", "[none.example] [none2.example]", false, "5.4.4"},
      {"[none.example],[none.example]", "[none.example],[none.example]", false, "5.4.4"},
      {"[none.example],", "[none.example],", false, "5.4.4"},
      {"[127.0.0.1]:9, [none.example]", "[127.0.0.1]:9, [none.example]", true, "5.4.4"},
      {"[none.example], [127.0.0.1]:9", "[none.example], [127.0.0.1]:9", true, "4.4.1"},
      {"[none.example]", "[none.example], [none2.example]", false, "4.3.5"},
      {"[none.example]", "[none2.example], [none.example]", false, "5.4.4"},
  };

  int warnings = 0;
  for (const auto& row : rows) {
    const std::string dsn = row.dsn;
    SCOPED_TRACE(std::string(row.relayhost) + " for " + row.nexthop);
    settings_.relayhost = row.relayhost;
    if (row.connects) connector_.expect("127.0.0.1:9", "");
    const auto outcome = deliver(row.nexthop)[0];
    EXPECT_EQ(dsn, outcome.dsn);
    EXPECT_EQ(dsn.starts_with('5'), outcome.status == queue::Status::bounced);
    if (dsn == "4.3.5") ++warnings;
    EXPECT_EQ(warnings, log_.count("relayhost configuration problem"));
  }
}

TEST_F(SmtpClientTest, SilenceAndHangUp) {
  connector_.expect("127.0.0.1:25", "C: 220 mx\nS: EHLO me.example\nC: 250 mx\nS: MAIL\nTIMEOUT\n");
  const auto silent = deliver("[127.0.0.1]")[0];
  EXPECT_EQ("4.4.2", silent.dsn);
  EXPECT_EQ("conversation with 127.0.0.1[127.0.0.1] timed out while sending MAIL FROM",
            silent.text);
  EXPECT_FALSE(silent.site_failed);
}

TEST_F(SmtpClientTest, HangUpAfterTheDot) {
  std::string script(kAccepting);
  script.replace(script.find("C: 250 2.0.0 queued"), std::string::npos, "HANGUP\n");
  connector_.expect("127.0.0.1:25", script);
  const auto outcome = deliver("[127.0.0.1]")[0];
  EXPECT_EQ(queue::Status::deferred, outcome.status);
  EXPECT_EQ(
      "lost connection with 127.0.0.1[127.0.0.1] while sending end of data -- message may be sent "
      "more than once",
      outcome.text);
}

TEST_F(SmtpClientTest, NonsenseFromTheServer) {
  connector_.expect("127.0.0.1:25", "C: HTTP/1.1 400 Bad Request\n");
  const auto outcome = deliver("[127.0.0.1]")[0];
  EXPECT_EQ(queue::Status::deferred, outcome.status);
  EXPECT_TRUE(outcome.site_failed);
}

// A damaged message is never completed with a dot.
TEST_F(SmtpClientTest, ADamagedMessageIsBrokenOff) {
  damage_ = true;
  std::string script(kAccepting);
  script.resize(script.find("S: Subject"));
  connector_.expect("127.0.0.1:25", script);
  const auto outcome = deliver("[127.0.0.1]")[0];
  EXPECT_TRUE(outcome.corrupt);
  EXPECT_EQ(queue::Status::deferred, outcome.status);
  EXPECT_EQ(std::string::npos, connector_.wires[0]->transcript().find("\r\n.\r\n"));
}

TEST_F(SmtpClientTest, LargeContentStreamsInChunks) {
  content_ = "Subject: x\n\n";
  for (int i = 0; i < 20000; ++i) content_ += ".line " + std::to_string(i) + "\n";
  std::string script(kAccepting);
  const std::size_t from = script.find("S: Subject");
  script.replace(from, script.find("C: 250 2.0.0") - from, "S: Subject: x\nS: \n");
  std::string body;
  for (int i = 0; i < 20000; ++i) body += "S: ..line " + std::to_string(i) + "\n";
  script.insert(script.find("C: 250 2.0.0"), body + "S: .\n");
  connector_.expect("127.0.0.1:25", script);
  EXPECT_EQ(queue::Status::sent, deliver("[127.0.0.1]")[0].status);
  EXPECT_GT(connector_.wires[0]->flushes(), 4);
}

TEST_F(SmtpClientTest, ABadNextHopIsForTheAdministrator) {
  const auto outcome = deliver("[127.0.0.1")[0];
  EXPECT_EQ(queue::Status::deferred, outcome.status);
  EXPECT_EQ("4.3.5", outcome.dsn);
}

}  // namespace
}  // namespace headgate::deliver
