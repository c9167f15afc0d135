// Both ends of door 3 in one process, with a worker that does as it is told.
#include "smtpd/deliver/door.h"

#include <gtest/gtest.h>

#include "smtpd/net/fields.h"
#include "tests/support/fake_env.h"
#include "tests/support/log_collector.h"
#include "tests/support/queue_file_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::deliver {
namespace {

using queue::Outcome;
using queue::Status;

class Told final : public queue::Deliverer {
 public:
  Task<Result<std::vector<std::string>>> destinations(
      const std::string&, const queue::QueueFilePtr& file,
      const std::vector<std::size_t>& recipients) override {
    std::vector<std::string> keys;
    for (const std::size_t i : recipients)
      keys.push_back("smtp:" + file->envelope().recipients[i].address);
    co_return keys;
  }

  Task<std::vector<Outcome>> deliver(const queue::Delivery& delivery) override {
    queue::ContentReader content = delivery.file->content();
    std::vector<Outcome> outcomes;
    for (const std::size_t i : delivery.recipients) {
      Outcome outcome;
      outcome.status = Status::sent;
      outcome.text = fmt::format("{} {} {} {}", delivery.id, delivery.destination, i,
                                 content.next().value_or("?"));
      outcome.setup = std::chrono::milliseconds(5);
      outcomes.push_back(outcome);
    }
    if (breaks) throw std::runtime_error("broken");
    if (forgets) outcomes.clear();
    co_return outcomes;
  }

  void log(const queue::Delivery&, const std::vector<Outcome>&) override {}

  bool breaks = false, forgets = false;
};

class DoorTest : public testing::Test {
 protected:
  DoorTest() {
    auto pair = net::channel_pair();
    EXPECT_TRUE(pair);
    sending_ = std::move(pair->first);
    receiving_ = Fd(::dup(pair->second.get()));
    desk_.emplace(io_.get_executor(), std::move(pair->second), told_, log_);
    auto settings = std::make_shared<config::Settings>();
    settings->mydestination = {"cdb:/asked"};
    remote_.emplace(io_.get_executor(), sending_.get(), settings, TransportCommands(), log_, env_);
    file_ = testing_support::make_queue_file(scratch_.path("m"), "text\n", {}, {"a@b", "c@d"});
    aio::co_spawn(io_, desk_->serve(), aio::detached);
  }

  ~DoorTest() override {
    desk_->close();
    io_.restart();
    io_.run();
  }

  Task<void> deliver_all() {
    const queue::Delivery delivery("ID", "smtp:x", file_, {1, 0}, env_.wall());
    outcomes_ = co_await remote_->deliver(delivery);
    done_ = true;
  }

  Task<void> ask_all() {
    const std::vector<std::size_t> all = {0, 1};
    destinations_ = co_await remote_->destinations("ID", file_, all);
    ++answers_;
  }

  void run() {
    while (!done_) io_.run_one();
  }

  testing_support::ScratchDirectory scratch_;
  testing_support::FakeEnv env_;
  testing_support::LogCollector log_;
  aio::io_context io_;
  Told told_;
  Fd sending_, receiving_;
  std::optional<Desk> desk_;
  std::optional<RemoteDeliverer> remote_;
  queue::QueueFilePtr file_;
  std::vector<Outcome> outcomes_;
  Result<std::vector<std::string>> destinations_;
  std::size_t answers_ = 0;
  bool done_ = false;
};

TEST_F(DoorTest, CarriesADeliveryThereAndItsOutcomesBack) {
  aio::co_spawn(io_, deliver_all(), aio::detached);
  run();
  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_EQ(outcomes_[0].status, Status::sent);
  EXPECT_EQ(outcomes_[0].text, "ID smtp:x 1 text\n");
  EXPECT_EQ(outcomes_[0].setup, std::chrono::milliseconds(5));
  EXPECT_EQ(outcomes_[1].text, "ID smtp:x 0 ");
  EXPECT_FALSE(desk_->idle());  // the line is there for the next
  desk_->close();
  while (!desk_->idle()) io_.run_one();
}

TEST_F(DoorTest, TellsDestinationsAndLimitsHowManyAskAtOnce) {
  const std::size_t many = 3 * RemoteDeliverer::kMostRoutes;
  for (std::size_t i = 0; i < many; ++i) aio::co_spawn(io_, ask_all(), aio::detached);
  while (answers_ < many) io_.run_one();
  ASSERT_TRUE(destinations_);
  EXPECT_EQ(*destinations_, (std::vector<std::string>{"smtp:a@b", "smtp:c@d"}));
}

TEST_F(DoorTest, WhereNoTableHasASayNobodyIsAsked) {
  auto settings = std::make_shared<config::Settings>();
  settings->default_transport = "smtp";
  settings->relayhost = "[192.0.2.1]";
  remote_->use(settings, TransportCommands());
  told_.breaks = true;
  desk_->close();
  aio::co_spawn(io_, ask_all(), aio::detached);
  io_.run();
  ASSERT_TRUE(destinations_);
  EXPECT_EQ(*destinations_, (std::vector<std::string>{"smtp:[192.0.2.1]", "smtp:[192.0.2.1]"}));
}

TEST_F(DoorTest, TheNextRequestGoesOverTheSameLine) {
  aio::co_spawn(io_, deliver_all(), aio::detached);
  run();
  ::shutdown(sending_.get(), SHUT_WR);  // nothing comes through the door any more
  for (int i = 0; i < 3; ++i) {
    done_ = false;
    outcomes_.clear();
    aio::co_spawn(io_, deliver_all(), aio::detached);
    run();
    ASSERT_EQ(outcomes_.size(), 2U);
    EXPECT_EQ(outcomes_[0].status, Status::sent);
  }
}

TEST_F(DoorTest, WhatWasSentBeforeAClosingIsDoneAndTheNextIsAnothersWork) {
  aio::co_spawn(io_, deliver_all(), aio::detached);
  run();
  Told other;
  Desk next(io_.get_executor(), std::move(receiving_), other, log_);
  for (int i = 0; i < 2; ++i) {
    done_ = false;
    outcomes_.clear();
    aio::co_spawn(io_, deliver_all(), aio::detached);
    io_.poll_one();  // sent, the first time: to who closes now
    if (i == 0) {
      desk_->close();
      aio::co_spawn(io_, next.serve(), aio::detached);
    }
    run();
    EXPECT_EQ(outcomes_.at(0).status, Status::sent);
  }
  next.close();
  while (!desk_->idle() || !next.idle()) io_.run_one();
  EXPECT_EQ(0, log_.count("status=deferred"));
}

TEST_F(DoorTest, WhenTheOtherSideBreaksOffItsMailIsDeferred) {
  told_.breaks = true;
  aio::co_spawn(io_, deliver_all(), aio::detached);
  run();
  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_EQ(outcomes_[0].status, Status::deferred);
  EXPECT_EQ(2, log_.count("status=deferred (delivery agent ended before its work"));
}

TEST_F(DoorTest, WhoForgetsARecipientHasNotDelivered) {
  told_.forgets = true;
  aio::co_spawn(io_, deliver_all(), aio::detached);
  run();
  ASSERT_EQ(outcomes_.size(), 2U);
  EXPECT_EQ(outcomes_[1].status, Status::deferred);
}

TEST_F(DoorTest, WhatMakesNoSenseIsDroppedAndTheNextIsServed) {
  ASSERT_TRUE(net::send_packet(sending_.get(), "?"));
  Request wild;
  wild.id = "ID";
  wild.recipients = {7};
  auto pair = net::channel_pair();
  auto content = file_->open_again();
  const std::array<int, 2> descriptors{content->get(), pair->second.get()};
  ASSERT_TRUE(net::send_packet(sending_.get(), encode_request(wild), descriptors));
  aio::co_spawn(io_, deliver_all(), aio::detached);
  run();
  EXPECT_EQ(outcomes_[0].status, Status::sent);
  EXPECT_EQ(1, log_.count("a request that makes no sense was dropped"));
  EXPECT_EQ(1, log_.count("names a recipient that there is not"));
}

TEST(DoorBytes, ComeBackAsTheyWere) {
  Request request;
  request.id = "25CB4A90028";
  request.destination = "smtp:[x]:25";
  request.recipients = {0, 5, 63};
  request.active_since = WallTime(std::chrono::seconds(1700000000));
  const auto back = decode_request(encode_request(request));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->destination, request.destination);
  EXPECT_EQ(back->recipients, request.recipients);
  EXPECT_EQ(back->active_since, request.active_since);
  Outcome outcome;
  outcome.status = Status::bounced;
  outcome.site_failed = true;
  outcome.text = std::string(5000, 'x');
  const auto outcomes = decode_outcomes(encode_outcomes({outcome}));
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(outcomes->at(0).status, Status::bounced);
  EXPECT_TRUE(outcomes->at(0).site_failed);
  EXPECT_EQ(outcomes->at(0).text.size(), 2000U) << "as the log cuts it";
}

TEST(DoorBytes, EveryTruncationAndAnyTailIsAnError) {
  Request request;
  request.id = "ID";
  request.recipients = {1, 2};
  const std::string whole = encode_request(request);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_request(std::string_view(whole).substr(0, size))) << size;
  EXPECT_FALSE(decode_request(whole + "x"));
  const std::string outcomes = encode_outcomes(std::vector<Outcome>(3));
  for (std::size_t size = 0; size < outcomes.size(); ++size)
    EXPECT_FALSE(decode_outcomes(std::string_view(outcomes).substr(0, size))) << size;
  EXPECT_FALSE(decode_outcomes(encode_outcomes(std::vector<Outcome>(65))));
}

}  // namespace
}  // namespace headgate::deliver
