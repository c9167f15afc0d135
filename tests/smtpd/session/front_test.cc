// A Front on a real loopback port: slots, stress, draining.
#include "smtpd/session/front.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

#include "smtpd/session/asio_loop.h"
#include "tests/smtpd/session/session_house.h"

namespace headgate::session {
namespace {

// With one loop, and with sessions on another than the one that accepts; the test's thread runs both.
class FrontTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(house_.configure("smtpd_peername_lookup = no\nstress_reserved_slots = 0\n"));
    front_ = std::make_unique<Front>(loops_, generations(2), names_);
    const aio::ip::tcp::endpoint any_port(aio::ip::address_v4::loopback(), 0);
    ASSERT_TRUE(front_->listen({any_port}));
    front_->start();
  }

  // Of what the house has configured last.
  [[nodiscard]] GenerationPtr generation(std::int64_t maxproc) const {
    auto fresh = std::make_shared<Generation>();
    fresh->calm = house_.calm;
    fresh->stressed = house_.stressed;
    fresh->maxproc = maxproc;
    fresh->policy.service = "smtp";
    fresh->policy.canonical = "25";
    fresh->policy.eligible = fresh->policy.switches = true;
    return fresh;
  }

  void TearDown() override {
    front_->drain();
    front_->cut();
    end();
  }

  // What can be done now is done.
  void poll() {
    while (io_.poll() + other_.poll() != 0) {
    }
  }

  // One thing after the other: a client reads before the next one is accepted.
  void step() {
    if (other_.poll_one() != 0 || io_.poll_one() != 0) return;
    io_.run_one_for(std::chrono::milliseconds(1));
  }

  void end() {
    while (!front_->finished()) step();
    poll();
  }

  [[nodiscard]] std::vector<SessionLoops::Loop> loops() {
    std::vector<SessionLoops::Loop> all;
    const auto always_busy = [this] { return house_.env.steady().time_since_epoch(); };
    const auto never_busy = [] { return std::chrono::nanoseconds(0); };
    all.push_back({io_.get_executor(), house_.services(), always_busy});
    if (GetParam()) all.push_back({other_.get_executor(), house_.services(), never_busy});
    return all;
  }

  // Home's says another banner.
  [[nodiscard]] Generations generations(std::int64_t maxproc) {
    Generations all(loops_.size(), generation(maxproc));
    auto home = std::make_shared<Generation>(*all.front());
    home->calm = with_banner(*home->calm);
    home->stressed = with_banner(*home->stressed);
    all.front() = home;
    return all;
  }

  static StatePtr with_banner(const ServiceState& state) {
    auto settings = std::make_shared<config::Settings>(*state.settings);
    settings->smtpd_banner = "home";
    auto changed = std::make_shared<ServiceState>(state);
    changed->settings = settings;
    return changed;
  }

  // A client's socket; the server runs while the test reads.
  class Client {
   public:
    explicit Client(FrontTest& test) : test_(test), socket_(test.io_) {
      socket_.connect({aio::ip::address_v4::loopback(), test.front_->listening_on().at(0).port});
      socket_.non_blocking(true);
    }

    std::string line() {
      while (true) {
        const std::size_t end = input_.find("\r\n");
        if (end != std::string::npos) {
          std::string found = input_.substr(0, end);
          input_.erase(0, end + 2);
          return found;
        }
        char bytes[512];
        aio::error_code error;
        const std::size_t count = socket_.read_some(aio::buffer(bytes), error);
        if (error == aio::error::would_block)
          test_.step();
        else if (error)
          return "<closed>";
        else
          input_.append(bytes, count);
      }
    }

    void send(std::string_view text) { aio::write(socket_, aio::buffer(text.data(), text.size())); }

    bool silent() {
      test_.poll();
      char byte = 0;
      aio::error_code error;
      socket_.read_some(aio::buffer(&byte, 1), error);
      return error == aio::error::would_block;
    }

    void close() { socket_.close(); }

    void reset() {
      socket_.set_option(aio::socket_base::linger(true, 0));
      socket_.close();
    }

   private:
    FrontTest& test_;
    aio::ip::tcp::socket socket_;
    std::string input_;
  };

  aio::io_context io_, other_;
  const aio::any_io_executor work_ =
      aio::require(io_.get_executor(), aio::execution::outstanding_work.tracked);
  const aio::any_io_executor other_work_ =
      aio::require(other_.get_executor(), aio::execution::outstanding_work.tracked);
  aio::thread_pool pool_{1};
  SessionHouse house_;
  net::PeerNames names_{pool_, std::chrono::seconds(1)};
  SessionLoops loops_{house_.env, loops()};
  std::unique_ptr<Front> front_;
};

TEST_P(FrontTest, TheClientBeyondTheLastSlotWaitsWithoutAGreeting) {
  Client first(*this), second(*this);
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_EQ(house_.log.count("entering stress mode"), 0);
  EXPECT_EQ(second.line().substr(0, 4), "220 ");
  EXPECT_EQ(house_.log.count("entering stress mode (2/2 busy)"), 1);
  Client third(*this);
  EXPECT_TRUE(third.silent());
  first.send("QUIT\r\n");
  EXPECT_EQ(first.line(), "221 2.0.0 Bye");
  EXPECT_EQ(third.line().substr(0, 4), "220 ");
  EXPECT_EQ(house_.log.count("has reached its process limit \"2\""), 1);
}

TEST_P(FrontTest, TheLongestIdleMakesRoomForOneWhoWaits) {
  Client first(*this);
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_TRUE(first.silent());  // and its session waits
  house_.env.advance(std::chrono::milliseconds(100));
  Client second(*this);
  EXPECT_EQ(second.line().substr(0, 4), "220 ");
  EXPECT_TRUE(second.silent());
  Client third(*this);
  EXPECT_TRUE(third.silent());
  EXPECT_EQ(front_->waiting(), 1U);
  house_.env.advance(std::chrono::milliseconds(400));
  Client fourth(
      *this);  // so that it is looked at now: a quarter of the grace while two wait, half of it for one
  EXPECT_EQ(first.line(), "421 4.3.2 mx.here.example Service busy, please try again later");
  EXPECT_EQ(first.line(), "<closed>");
  EXPECT_EQ(third.line().substr(0, 4), "220 ");
  EXPECT_EQ(house_.log.count("making room after CONNECT from unknown[127.0.0.1]: idle for 0.5 s, 0 "
                             "messages"),
            1);
  EXPECT_EQ(front_->evictions(), 1U);
  EXPECT_EQ(front_->slots().in_use(), 2);
  second.send("NOOP\r\n");
  EXPECT_EQ(second.line().substr(0, 4), "250 ");
}

TEST_P(FrontTest, WhoHangsUpWhileWaitingTakesNoSlot) {
  Client first(*this), second(*this);
  first.line();
  second.line();
  Client third(*this), fourth(*this);
  EXPECT_TRUE(third.silent() && fourth.silent());
  third.close();
  first.send("QUIT\r\n");
  EXPECT_EQ(first.line(), "221 2.0.0 Bye");
  EXPECT_EQ(fourth.line().substr(0, 4), "220 ");
  EXPECT_EQ(house_.stress.tally.of(stress::Cause::gave_up), 1U);
}

TEST_P(FrontTest, TheSessionInTheLastSlotIsStressed) {
  Client first(*this), second(*this);
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_EQ(second.line().substr(0, 4), "220 ");
  second.send("FOO\r\n");
  EXPECT_EQ(second.line().substr(0, 4), "500 ");
  EXPECT_EQ(second.line().substr(0, 10), "421 4.7.0 ");  // one error is too many
  EXPECT_EQ(second.line(), "<closed>");
}

TEST_P(FrontTest, DrainingSendsIdleClientsAwayAndRefusesNewOnes) {
  Client client(*this);
  EXPECT_EQ(client.line().substr(0, 4), "220 ");
  front_->drain();
  EXPECT_EQ(client.line().substr(0, 4), "421 ");
  EXPECT_EQ(client.line(), "<closed>");
  EXPECT_THROW(Client late(*this), std::system_error);
}

TEST_P(FrontTest, ItMakesRoomForAnotherListenerAndListensAgain) {
  Client client(*this);
  EXPECT_EQ(client.line().substr(0, 4), "220 ");
  const std::uint16_t port = front_->listening_on().at(0).port;
  const auto listens = [this] { return !front_->listening_on().empty(); };
  front_->stop_listening();
  EXPECT_FALSE(listens());
  {
    const aio::ip::tcp::endpoint everywhere(aio::ip::address_v4::any(), port);
    EXPECT_TRUE(net::Listener::open(io_.get_executor(), everywhere, 1));
  }
  ASSERT_TRUE(front_->listen_again());
  EXPECT_EQ(front_->listening_on().at(0).port, port);
  Client next(*this);
  EXPECT_EQ(next.line().substr(0, 4), "220 ");
  client.send("NOOP\r\n");
  EXPECT_EQ(client.line().substr(0, 4), "250 ");
}

// A child process has our descriptors until its exec: here one that never comes to it.
TEST_P(FrontTest, AChildThatHasTheListenerDoesNotKeepThePort) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[1]);
    char end = 0;
    static_cast<void>(::read(ends[0], &end, 1));
    ::_exit(0);
  }
  ::close(ends[0]);
  const std::uint16_t port = front_->listening_on().at(0).port;
  front_->stop_listening();
  {
    const aio::ip::tcp::endpoint everywhere(aio::ip::address_v4::any(), port);
    EXPECT_TRUE(net::Listener::open(io_.get_executor(), everywhere, 1));
  }
  EXPECT_TRUE(front_->listen_again());
  Client next(*this);
  EXPECT_EQ(next.line().substr(0, 4), "220 ");
  ::close(ends[1]);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_P(FrontTest, ItListensAgainWhereItCanAndRemembersTheRest) {
  const aio::ip::tcp::endpoint any_port(aio::ip::address_v4::loopback(), 0);
  front_->drain();
  end();
  front_ = std::make_unique<Front>(loops_, generations(2), names_);
  ASSERT_TRUE(front_->listen({any_port, any_port, any_port}));
  front_->start();
  const std::vector<net::Endpoint> before = front_->listening_on();
  front_->stop_listening();
  {
    const aio::ip::tcp::endpoint taken(aio::ip::address_v4::loopback(), before.at(1).port);
    const auto other = net::Listener::open(io_.get_executor(), taken, 1);
    ASSERT_TRUE(other);
    const Result<void> again = front_->listen_again();
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().text().find("port " + std::to_string(before.at(1).port)),
              std::string::npos);
  }
  const std::vector<net::Endpoint> after = front_->listening_on();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].port, before[0].port);
  EXPECT_EQ(after[1].port, before[2].port);
  Client client(*this);
  EXPECT_EQ(client.line().substr(0, 4), "220 ");
  front_->stop_listening();
  EXPECT_TRUE(front_->listen_again());
  EXPECT_EQ(front_->listening_on().size(), 3U);
}

TEST_P(FrontTest, AReloadReachesTheNextMessageAndNotTheOneUnderWay) {
  front_->reload(generations(20));  // no stress in this one
  Client idle(*this), busy(*this);
  idle.line();
  busy.line();
  for (const char* command : {"HELO client.example\r\n", "MAIL FROM:<a@b.example>\r\n"}) {
    busy.send(command);
    EXPECT_EQ(busy.line().substr(0, 4), "250 ");
  }
  const char* refuse = "smtpd_peername_lookup = no\nsmtpd_recipient_restrictions = reject\n";
  ASSERT_TRUE(house_.configure(refuse));
  front_->reload(generations(21));
  busy.send("RCPT TO:<me@here.example>\r\n");
  EXPECT_EQ(busy.line().substr(0, 4), "250 ");
  busy.send("RSET\r\n");
  EXPECT_EQ(busy.line().substr(0, 4), "250 ");
  for (Client* client : {&idle, &busy}) {  // the idle one has waited for a command since before
    for (const char* command : {"HELO client.example\r\n", "MAIL FROM:<a@b.example>\r\n"}) {
      client->send(command);
      EXPECT_EQ(client->line().substr(0, 4), "250 ");
    }
    client->send("RCPT TO:<me@here.example>\r\n");
    EXPECT_EQ(client->line().substr(0, 4), "554 ");
  }
}

TEST_P(FrontTest, AReloadWithFewerSlotsRaisesStressAtOnce) {
  Client first(*this);
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_FALSE(front_->stressed());
  front_->reload(generations(1));
  EXPECT_TRUE(front_->stressed());
  EXPECT_EQ(house_.log.count("entering stress mode (1/1 busy)"), 1);
  front_->reload(generations(2));
  house_.env.advance(std::chrono::hours(1));
  EXPECT_FALSE(front_->stressed());
}

TEST_P(FrontTest, UntilFinishedEndsWithTheLastSession) {
  Client client(*this);
  client.line();
  bool over = false;
  front_->drain();
  aio::co_spawn(io_, front_->until_finished(), [&over](const std::exception_ptr&) { over = true; });
  poll();
  EXPECT_EQ(client.line().substr(0, 4), "421 ");
  client.close();
  while (!over) step();
  EXPECT_TRUE(front_->finished());
}

TEST_P(FrontTest, NobodyLeavesForAWaitingClientThatHasResetItsConnection) {
  Client first(*this), second(*this), gone(*this);
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_EQ(second.line().substr(0, 4), "220 ");
  EXPECT_TRUE(first.silent() && second.silent() && gone.silent());
  EXPECT_EQ(front_->waiting(), 1U);
  gone.reset();
  house_.env.advance(std::chrono::seconds(60));
  Client next(*this);  // makes the Front look at who waits
  EXPECT_EQ(next.line().substr(0, 4), "220 ");
  EXPECT_EQ(house_.stress.tally.of(stress::Cause::gave_up), 1U);
  EXPECT_EQ(front_->evictions(), 1U);  // for the next one
}

TEST_P(FrontTest, AWaitingRoomForNobodySendsNewcomersAway) {
  ASSERT_TRUE(house_.configure(
      "smtpd_peername_lookup = no\nstress_reserved_slots = 0\nstress_waiting_limit = 0\n"));
  front_->reload(generations(1));
  Client first(*this);
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_TRUE(first.silent());
  Client second(*this);
  EXPECT_EQ(second.line(), "421 4.3.2 mx.here.example Service busy, please try again later");
  EXPECT_EQ(second.line(), "<closed>");
}

TEST_P(FrontTest, ASessionHasTheTablesOfItsLoop) {
  const char* banner = GetParam() ? "220 mx.here.example ESMTP Postfix" : "220 home";
  Client first(*this);
  EXPECT_EQ(first.line(), banner);
  first.close();
  front_->reload(generations(3));
  Client second(*this);
  EXPECT_EQ(second.line(), banner);
}

INSTANTIATE_TEST_SUITE_P(Loops, FrontTest, testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "SessionsElsewhere" : "One");
});

}  // namespace
}  // namespace headgate::session
