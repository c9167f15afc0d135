#include "smtpd/net/tcp_wire.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "smtpd/net/listener.h"
#include "tests/support/loopback_wire.h"

namespace headgate::net {
namespace {

using namespace std::chrono_literals;

class TcpWireTest : public testing_support::LoopbackWireTest {
 protected:
  void SetUp() override { connect(); }

  void send(std::string_view bytes) { aio::write(peer_, aio::buffer(bytes.data(), bytes.size())); }
};

TEST_F(TcpWireTest, LinesLoseTheirEnds) {
  send("one\r\ntwo\nthree\r\r\n\r\n");
  const std::vector<std::pair<std::string, bool>> expected = {
      {"one", false}, {"two", true}, {"three", false}, {"", false}};
  for (const auto& [text, bare] : expected) {
    const Result<Line> line = read_line();
    ASSERT_TRUE(line);
    EXPECT_EQ(line->text, text);
    EXPECT_EQ(line->bare_newline, bare) << text;
    EXPECT_FALSE(line->truncated);
  }
}

TEST_F(TcpWireTest, TheExcessOfALongLineIsThrownAway) {
  for (const std::size_t length : {10UL, 11UL, 5000UL, 16383UL, 16384UL, 16385UL, 70000UL}) {
    send(std::string(length, 'x') + "\r\nnext\r\n");
    Result<Line> line = read_line(10);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->text, std::string(10, 'x')) << length;
    EXPECT_EQ(line->truncated, length > 10) << length;
    EXPECT_FALSE(line->bare_newline) << length;
    line = read_line(10);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->text, "next");
  }
}

TEST_F(TcpWireTest, ALineMayBeLongerThanTheBuffer) {
  const std::string text(60000, 'y');
  send(text + "\r\n");
  const Result<Line> line = read_line(100000);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, text);
  EXPECT_FALSE(line->truncated);
}

TEST_F(TcpWireTest, ReadSomeGivesBackWhatWasNotConsumed) {
  send("abcdef");
  Result<std::string_view> some = await(wire_->read_some());
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, "abcdef");
  wire_->consume(4);
  some = await(wire_->read_some());
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, "ef");
}

TEST_F(TcpWireTest, ContentIsWaitedFor) {
  aio::post(io_, [this] { send("late"); });
  Result<std::string_view> some = await(wire_->read_some());
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, "late");
  wire_->consume(4);
  const std::string much(300000, 'z');
  std::thread sender([&] { send(much); });
  std::string got;
  while (got.size() < much.size()) {
    some = await(wire_->read_some());
    ASSERT_TRUE(some);
    got += *some;
    wire_->consume(some->size());
  }
  sender.join();
  EXPECT_EQ(got, much);
  aio::post(io_, [this] { wire_->interrupt(); });
  some = await(wire_->read_some());
  ASSERT_FALSE(some);
  EXPECT_EQ(some.error().code, Code::cancelled);
  DeadlinePolicy policy;
  policy.budget = 20ms;
  wire_->set_deadline_policy(policy);
  some = await(wire_->read_some());
  ASSERT_FALSE(some);
  EXPECT_EQ(some.error().code, Code::timeout);
  wire_->set_deadline_policy(DeadlinePolicy());
  send("last\r\n");
  peer_.shutdown(aio::ip::tcp::socket::shutdown_send);
  const Result<Line> line = read_line();  // a line may follow content
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "last");
  some = await(wire_->read_some());
  ASSERT_FALSE(some);
  EXPECT_EQ(some.error().code, Code::closed);
}

TEST_F(TcpWireTest, PendingLooksWithoutWaitingAndTakesNothing) {
  EXPECT_EQ(wire_->pending(), "");
  send("QUIT\r\n");
  while (wire_->pending().empty()) {
  }
  EXPECT_EQ(wire_->pending(), "QUIT\r\n");
  const Result<Line> line = read_line();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "QUIT");
}

TEST_F(TcpWireTest, FlushWritesWhatWasQueued) {
  wire_->queue("250 ");
  wire_->queue("Ok\r\n");
  ASSERT_TRUE(await(wire_->flush()));
  std::string got(8, '\0');
  aio::read(peer_, aio::buffer(got));
  EXPECT_EQ(got, "250 Ok\r\n");
}

TEST_F(TcpWireTest, APeerThatHangsUpIsClosed) {
  peer_.close();
  const Result<Line> line = read_line();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::closed);
}

TEST_F(TcpWireTest, AWaitBeyondItsBudgetTimesOut) {
  DeadlinePolicy policy;
  policy.budget = 20ms;
  wire_->set_deadline_policy(policy);
  const Result<Line> line = read_line();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::timeout);
}

TEST_F(TcpWireTest, OneBudgetForTheWholeRequest) {
  DeadlinePolicy policy;
  policy.budget = 40ms;
  policy.per_request = true;
  wire_->set_deadline_policy(policy);
  Result<Line> line = read_line();  // eats the budget
  ASSERT_FALSE(line);
  line = read_line();  // nothing is left: no second 40 ms
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::timeout);
  wire_->reset_deadline();
  send("NOOP\r\n");
  line = read_line();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "NOOP");
}

TEST_F(TcpWireTest, ContentEarnsTimeAtTheMinimumRate) {
  DeadlinePolicy policy;
  policy.budget = 100s;
  policy.per_request = true;
  policy.min_data_rate_bytes = 1;  // a second for each byte
  wire_->set_deadline_policy(policy);
  send("abc");
  ASSERT_TRUE(await(wire_->read_some()));
  wire_->consume(3);
  policy.budget = 10ms;
  policy.min_data_rate_bytes = 0;
  wire_->set_deadline_policy(policy);
  EXPECT_FALSE(await(wire_->read_some()));
}

TEST_F(TcpWireTest, InterruptWakesAReaderOnceAndLeavesWritingAlone) {
  wire_->interrupt();
  Result<Line> line = read_line();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::cancelled);
  aio::post(io_, [this] { wire_->interrupt(); });
  line = read_line();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::cancelled);
  wire_->queue("421 bye\r\n");
  EXPECT_TRUE(await(wire_->flush()));
  send("late\r\n");
  line = read_line();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "late");
}

Task<bool> accept_one(Listener& listener) {
  const Result<aio::ip::tcp::socket> socket = co_await listener.accept();
  co_return socket.has_value();
}

TEST_F(TcpWireTest, ConnectReachesAListenerAndReportsRefusal) {
  const aio::ip::tcp::endpoint any_port(aio::ip::address_v4::loopback(), 0);
  Result<Listener> listener = Listener::open(io_.get_executor(), any_port, 5);
  ASSERT_TRUE(listener);
  const std::uint16_t port = listener->local().port;
  Result<std::unique_ptr<Wire>> wire = await(connect_tcp("127.0.0.1", port, 5000ms, "127.0.0.1"));
  ASSERT_TRUE(wire);
  EXPECT_TRUE(await(accept_one(*listener)));

  const Result<Listener> second = Listener::open(
      io_.get_executor(), aio::ip::tcp::endpoint(aio::ip::address_v4::loopback(), port), 5);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().what,
            "bind 127.0.0.1 port " + std::to_string(port) + ": Address already in use");

  listener->close();
  wire = await(connect_tcp("127.0.0.1", port, 5000ms));
  ASSERT_FALSE(wire);
  EXPECT_EQ(wire.error().what, "Connection refused");
}

TEST_F(TcpWireTest, AnInterruptionLosesNothingOfALongLine) {
  const std::string beginning(1100, 'x');
  send(beginning);
  std::optional<Result<Line>> interrupted;
  aio::co_spawn(io_, wire_->read_line(2048), [&interrupted](std::exception_ptr, Result<Line> line) {
    interrupted.emplace(std::move(line));
  });
  for (int i = 0; i < 10; ++i) {
    io_.restart();
    io_.poll();
  }
  ASSERT_FALSE(interrupted);
  wire_->interrupt();
  while (!interrupted) {
    io_.restart();
    io_.run_one();
  }
  EXPECT_EQ(interrupted->error().code, Code::cancelled);
  send(" end\r\n");
  const Result<Line> line = read_line(2048);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, beginning + " end");
}

}  // namespace
}  // namespace headgate::net
