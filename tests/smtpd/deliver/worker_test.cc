// Spool to Maildir, with the real manager and the real worker.
#include "smtpd/deliver/worker.h"

#include <gtest/gtest.h>

#include <thread>

#include "smtpd/queue/manager.h"
#include "tests/support/fake_env.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/log_collector.h"
#include "tests/support/no_programs.h"
#include "tests/support/queue_file_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::deliver {
namespace {

using testing_support::contents_of;

Task<void> ask(Worker& worker, const queue::QueueFilePtr& file, std::string& destination) {
  const std::vector<std::size_t> first = {0};
  const auto destinations = co_await worker.destinations("ID", file, first);
  destination = destinations->at(0);
}

std::string destination_of(Worker& worker, const queue::QueueFilePtr& file) {
  std::string destination;
  aio::io_context context;
  aio::co_spawn(context, ask(worker, file, destination), aio::detached);
  context.run();
  return destination;
}

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : connector_(""), pool_(2) {
    settings_.myhostname = "mx.here.example";
    settings_.mydestination = {"here.example"};
    settings_.virtual_mailbox_domains = {"virtual.example"};
    settings_.virtual_mailbox_maps = {"inline:{{a@virtual.example=virtual/a/}}"};
    settings_.virtual_mailbox_base = scratch_.path("srv");
    settings_.mail_spool_directory = scratch_.path("mail/");
    settings_.recipient_delimiter = "+";
    settings_.local_transport = "local";
    settings_.virtual_transport = "virtual";
    settings_.default_transport = "smtp";
    auto spool = queue::open_spool(scratch_.path("queue"), env_, log_);
    EXPECT_TRUE(spool);
    spool_ = std::move(*spool);
  }

  // Puts the message into the spool and lets manager and worker run until nothing is under way.
  std::string pass(const std::vector<std::string>& recipients, const std::string& filter = "") {
    auto writer = spool_->create();
    EXPECT_TRUE(writer);
    (*writer)->record("Subject: x", false);
    (*writer)->record("", false);
    (*writer)->record("body", false);
    queue::Envelope envelope;
    envelope.sender = "s@far.example";
    envelope.arrival = env_.wall();
    envelope.content_filter = filter;
    for (const std::string& address : recipients) {
      queue::Recipient recipient;
      recipient.address = address;
      envelope.recipients.push_back(recipient);
    }
    EXPECT_TRUE((*writer)->commit(envelope, queue::State::incoming));
    const std::string id = (*writer)->id();

    const auto settings = std::make_shared<const config::Settings>(settings_);
    Worker worker(pool_, settings, programs_, resolver_, connector_, log_, env_, commands_);
    queue::Manager manager(context_.get_executor(), pool_, *spool_, settings, worker, log_, env_);
    aio::co_spawn(context_, manager.run(), aio::detached);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto at_rest = [&] { return log_.count("queue active") == 1 && manager.active() == 0; };
    while (!at_rest() && std::chrono::steady_clock::now() < give_up)
      context_.run_one_for(std::chrono::milliseconds(50));
    manager.stop();
    context_.run();
    return id;
  }

  ~WorkerTest() override { pool_.join(); }

  testing_support::ScratchDirectory scratch_;
  testing_support::FakeEnv env_;
  testing_support::LogCollector log_;
  testing_support::FakeResolver resolver_;
  testing_support::NoPrograms programs_;
  TransportCommands commands_;
  TcpConnector connector_;
  config::Settings settings_;
  std::unique_ptr<queue::DiskSpool> spool_;
  aio::thread_pool pool_;
  aio::io_context context_;
};

TEST_F(WorkerTest, SpoolToMaildirs) {
  const std::string id = pass({"Joe+ext@here.example", "a@virtual.example"});
  const auto local = scratch_.files("mail/joe/new");
  ASSERT_EQ(1u, local.size());
  EXPECT_EQ(
      "Return-Path: <s@far.example>\nX-Original-To: Joe+ext@here.example\nDelivered-To: "
      "Joe+ext@here.example\n"
      "Subject: x\n\nbody\n",
      contents_of(local[0]));
  EXPECT_EQ(1u, scratch_.files("srv/virtual/a/new").size());
  EXPECT_EQ(
      1, log_.count(id +
                    ": to=<Joe+ext@here.example>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, "
                    "status=sent (delivered to maildir)"));
  EXPECT_EQ(1, log_.count(id + ": to=<a@virtual.example>, relay=virtual, "));
  EXPECT_EQ(1, log_.count(id + ": removed"));
}

TEST_F(WorkerTest, UnknownUsersAreKept) {
  const std::string id = pass({"../../evil@here.example", "b@virtual.example"});
  EXPECT_EQ(2, log_.count("dsn=5.1.1, status=bounced (unknown user)"));
  EXPECT_EQ(std::vector<std::string>{id}, *spool_->list(queue::State::hold));
  EXPECT_TRUE(scratch_.files("mail").empty());
}

TEST_F(WorkerTest, SoftBounceKeepsTrying) {
  settings_.soft_bounce = true;
  const std::string id = pass({"b@virtual.example"});
  EXPECT_EQ(1, log_.count("dsn=4.1.1, status=deferred (unknown user)"));
  EXPECT_EQ(std::vector<std::string>{id}, *spool_->list(queue::State::deferred));
}

TEST_F(WorkerTest, FiltersDiscardAndError) {
  EXPECT_EQ(1, log_.count(pass({"a@virtual.example"}, "discard:spam") +
                          ": to=<a@virtual.example>, relay=none, ") *
                   log_.count("status=sent (spam)"));
  EXPECT_TRUE(spool_->list(queue::State::hold)->empty());
}

TEST_F(WorkerTest, RetryWaits) {
  const std::string id = pass({"a@virtual.example"}, "retry:4.3.0 not now");
  EXPECT_EQ(1, log_.count("dsn=4.3.0, status=deferred (not now)"));
  EXPECT_EQ(std::vector<std::string>{id}, *spool_->list(queue::State::deferred));
}

TEST_F(WorkerTest, AnUnknownTransportWaits) {
  const std::string id = pass({"a@virtual.example"}, "scan:[127.0.0.1]:1");
  EXPECT_EQ(1, log_.count("dsn=4.3.0, status=deferred (mail transport unavailable)"));
  EXPECT_EQ(1, log_.count("connect to transport private/scan: No such file or directory"));
  EXPECT_EQ(std::vector<std::string>{id}, *spool_->list(queue::State::deferred));
}

TEST_F(WorkerTest, AnEmptyTransportWaits) {
  const std::string id = pass({"a@virtual.example"}, ":[127.0.0.1]:1");
  EXPECT_EQ(1, log_.count("relay=none, ") *
                   log_.count("dsn=4.3.0, status=deferred (mail transport unavailable)"));
  EXPECT_EQ(1, log_.count("connect to transport private/: Connection refused"));
  EXPECT_EQ(std::vector<std::string>{id}, *spool_->list(queue::State::deferred));
}

TEST_F(WorkerTest, ATransportOfMasterCf) {
  commands_ = {{"scan", "discard"}};
  pass({"a@virtual.example"}, "scan:x");
  EXPECT_EQ(1, log_.count("status=sent (x)"));
}

TEST_F(WorkerTest, AnUnwritableMailDirectoryDefers) {
  testing_support::write_contents(scratch_.path("mail"), "in the way");
  const std::string id = pass({"joe@here.example"});
  EXPECT_EQ(1, log_.count("status=deferred (maildir delivery failed: "));
  EXPECT_EQ(std::vector<std::string>{id}, *spool_->list(queue::State::deferred));
}

TEST_F(WorkerTest, MboxIsRefusedWithACure) {
  settings_.mail_spool_directory = scratch_.path("mail");
  pass({"joe@here.example"});
  EXPECT_EQ(
      1, log_.count(
             "mbox delivery is not supported: let mail_spool_directory or home_mailbox end in /"));
}

// With the tables of before, mail would go out without a check that the new settings name.
TEST_F(WorkerTest, ATableThatCannotBeOpenedIsTakenAndHoldsItsMail) {
  const auto settings = [this](const std::string& domains) {
    settings_.relay_domains = {domains};
    settings_.relay_transport = "relay";
    settings_.relayhost = domains;
    return std::make_shared<const config::Settings>(settings_);
  };
  Worker worker(pool_, settings("one.example"), programs_, resolver_, connector_, log_, env_);
  const queue::QueueFilePtr file =
      testing_support::make_queue_file(scratch_.path("m"), "x\n", {}, {"x@one.example"});
  const auto destination = [&] { return destination_of(worker, file); };
  EXPECT_EQ(destination(), "relay:one.example");
  worker.use(settings("texthash:/no/such"), {});
  EXPECT_THAT(destination(), testing::StartsWith("retry:4.3.0 "));
  settings_.smtp_header_checks = {"texthash:/no/such"};
  worker.use(settings("two.example"), {});
  EXPECT_EQ(destination(), "smtp:two.example");
}

// The first is being written when everything that the second goes by is exchanged.
TEST_F(WorkerTest, AReloadBetweenTwoRecipientsIsForTheNextDelivery) {
  settings_.virtual_mailbox_maps = {"inline:{{a@virtual.example=a/}, {b@virtual.example=b/}}"};
  const auto before = std::make_shared<const config::Settings>(settings_);
  Worker worker(pool_, before, programs_, resolver_, connector_, log_, env_);
  const auto file = testing_support::make_queue_file(scratch_.path("m"), "Subject: x\n\nbody\n", {},
                                                     {"a@virtual.example", "b@virtual.example"});
  const queue::Delivery delivery("ID", "virtual:virtual.example", file, {0, 1}, env_.wall());
  aio::co_spawn(context_, worker.deliver(delivery), aio::detached);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  context_.run_one();  // it begins; the second's turn is an event of its own
  while (scratch_.files("srv/a/new").empty() && std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  ASSERT_EQ(scratch_.files("srv/a/new").size(), 1U);
  settings_.virtual_mailbox_maps = {"inline:{{a@virtual.example=a/}}"};
  settings_.virtual_mailbox_base = scratch_.path("other");
  settings_.myhostname = "other.example";
  worker.use(std::make_shared<const config::Settings>(settings_), {{"virtual", "discard"}});
  context_.run();
  const auto second = scratch_.files("srv/b/new");
  ASSERT_EQ(second.size(), 1U);
  EXPECT_TRUE(second[0].ends_with(".mx.here.example")) << second[0];
  EXPECT_TRUE(scratch_.files("other").empty());
  EXPECT_EQ(log_.count("to=<b@virtual.example>, relay=virtual, "), 1);
  for (const Event& event : log_.events()) EXPECT_EQ(event.program, Program::virtual_);
}

}  // namespace
}  // namespace headgate::deliver
