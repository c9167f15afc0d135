// A Front on a real loopback port: slots, stress, draining.
#include "smtpd/session/front.h"

#include <gtest/gtest.h>

#include "smtpd/session/asio_loop.h"
#include "tests/smtpd/session/session_house.h"

namespace headgate::session {
namespace {

class FrontTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(house_.configure("smtpd_peername_lookup = no\n"));
    auto generation = std::make_shared<Generation>();
    generation->calm = house_.calm;
    generation->stressed = house_.stressed;
    generation->maxproc = 2;
    generation->policy.service = "smtp";
    generation->policy.canonical = "25";
    generation->policy.eligible = generation->policy.switches = true;
    front_ =
        std::make_unique<Front>(io_.get_executor(), generation, house_.services(), names_, limits_);
    const aio::ip::tcp::endpoint any_port(aio::ip::address_v4::loopback(), 0);
    ASSERT_TRUE(front_->listen({any_port}));
    front_->start();
  }

  void TearDown() override {
    front_->drain();
    front_->cut();
    io_.run();
    EXPECT_TRUE(front_->finished());
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
          test_.io_.run_one();
        else if (error)
          return "<closed>";
        else
          input_.append(bytes, count);
      }
    }

    void send(std::string_view text) { aio::write(socket_, aio::buffer(text.data(), text.size())); }

    bool silent() {
      test_.io_.poll();
      char byte = 0;
      aio::error_code error;
      socket_.read_some(aio::buffer(&byte, 1), error);
      return error == aio::error::would_block;
    }

    void close() { socket_.close(); }

   private:
    FrontTest& test_;
    aio::ip::tcp::socket socket_;
    std::string input_;
  };

  aio::io_context io_;
  aio::thread_pool pool_{1};
  SessionHouse house_;
  net::PeerNames names_{pool_, std::chrono::seconds(1)};
  ClientLimits limits_;
  std::unique_ptr<Front> front_;
};

TEST_F(FrontTest, TheClientBeyondTheLastSlotWaitsWithoutAGreeting) {
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

TEST_F(FrontTest, TheSessionInTheLastSlotIsStressed) {
  Client first(*this), second(*this);
  EXPECT_EQ(first.line().substr(0, 4), "220 ");
  EXPECT_EQ(second.line().substr(0, 4), "220 ");
  second.send("FOO\r\n");
  EXPECT_EQ(second.line().substr(0, 4), "500 ");
  EXPECT_EQ(second.line().substr(0, 10), "421 4.7.0 ");  // one error is too many
  EXPECT_EQ(second.line(), "<closed>");
}

TEST_F(FrontTest, DrainingSendsIdleClientsAwayAndRefusesNewOnes) {
  Client client(*this);
  EXPECT_EQ(client.line().substr(0, 4), "220 ");
  front_->drain();
  EXPECT_EQ(client.line().substr(0, 4), "421 ");
  EXPECT_EQ(client.line(), "<closed>");
  EXPECT_THROW(Client late(*this), std::system_error);
}

}  // namespace
}  // namespace headgate::session
