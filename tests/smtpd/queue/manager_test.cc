// The manager with a Deliverer that does as it is told, a fake clock, and a real spool.
#include "smtpd/queue/manager.h"

#include <gtest/gtest.h>

#include "tests/support/fake_env.h"
#include "tests/support/log_collector.h"
#include "tests/support/scratch_directory.h"

namespace headgate::queue {
namespace {

using std::chrono::seconds;
using testing_support::FakeEnv;
using testing_support::LogCollector;
using testing_support::ScratchDirectory;

// An address's local part decides: ok, defer, bounce, corrupt, dead (site_failed). The domain is the destination.
class ObedientDeliverer final : public Deliverer {
 public:
  Task<Result<std::vector<std::string>>> destinations(
      const std::string&, const QueueFilePtr& file,
      const std::vector<std::size_t>& recipients) override {
    if (lost) co_return fail(Code::unavailable, "nobody knows");
    std::vector<std::string> keys;
    for (const std::size_t i : recipients) {
      const std::string& address = file->envelope().recipients[i].address;
      keys.push_back(address.substr(address.find('@') + 1));
    }
    co_return keys;
  }

  Task<std::vector<Outcome>> deliver(const Delivery& delivery) override {
    std::vector<Outcome> outcomes;
    for (const std::size_t i : delivery.recipients) {
      const std::string& address = delivery.file->envelope().recipients[i].address;
      asked.push_back(address);
      const std::string what = address.substr(0, address.find('@'));
      Outcome outcome;
      outcome.text = "as told: " + what;
      if (what == "ok" || ((what == "defer" || what == "dead") && healed))
        outcome.status = Status::sent;
      if (what == "bounce") outcome.status = Status::bounced;
      outcome.corrupt = what == "corrupt";
      outcome.site_failed = what == "dead" && !healed;
      outcomes.push_back(outcome);
    }
    co_return outcomes;
  }

  void log(const Delivery& delivery, const std::vector<Outcome>& outcomes) override {
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      logged.push_back(delivery.file->envelope().recipients[delivery.recipients[i]].address + ": " +
                       outcomes[i].text);
  }

  std::vector<std::string> asked, logged;
  bool healed = false, lost = false;
};

class ManagerTest : public ::testing::Test {
 protected:
  ManagerTest() : pool_(2) {
    auto spool = open_spool(scratch_.path("queue"), env_, log_);
    EXPECT_TRUE(spool) << spool.error().text();
    spool_ = std::move(*spool);
    start();
  }

  ~ManagerTest() override {
    manager_->stop();
    context_.run();
    pool_.join();
  }

  void start() {
    manager_ = std::make_unique<Manager>(context_.get_executor(), pool_, *spool_,
                                         std::make_shared<const config::Settings>(settings_),
                                         deliverer_, log_, env_);
    aio::co_spawn(context_, manager_->run(), aio::detached);
  }

  std::string put(const std::vector<std::string>& recipients,
                  std::string sender = "s@example.org") {
    auto writer = spool_->create();
    EXPECT_TRUE(writer);
    (*writer)->record("Subject: x", false);
    Envelope envelope;
    envelope.sender = std::move(sender);
    envelope.arrival = env_.wall();
    for (const std::string& address : recipients) {
      Recipient recipient;
      recipient.address = address;
      envelope.recipients.push_back(recipient);
    }
    EXPECT_TRUE((*writer)->commit(envelope, State::incoming));
    return (*writer)->id();
  }

  // Runs until the condition holds; the bound is there for a broken manager only.
  template <class Condition>
  bool run_until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < give_up)
      context_.run_one_for(std::chrono::milliseconds(50));
    return condition();
  }

  bool is_in(const std::string& id, State state) {
    const auto ids = *spool_->list(state);
    return std::count(ids.begin(), ids.end(), id) == 1;
  }

  bool logged(const std::string& line) {
    const auto lines = log_.lines();
    return std::count(lines.begin(), lines.end(), line) == 1;
  }

  ScratchDirectory scratch_;
  FakeEnv env_;
  LogCollector log_;
  config::Settings settings_;
  ObedientDeliverer deliverer_;
  std::unique_ptr<DiskSpool> spool_;
  aio::thread_pool pool_;
  aio::io_context context_;
  std::unique_ptr<Manager> manager_;
};

// Committed into active/: it is delivered as it is, and not looked for in incoming/.
TEST_F(ManagerTest, TakesWhatWasCommittedIntoActive) {
  EXPECT_TRUE(manager_->has_room());
  for (const bool open : {true, false}) {
    const std::string id = put({"ok@here.example", "defer@here.example"});
    ASSERT_TRUE(spool_->move(id, State::incoming, State::active));
    auto file = spool_->open(id, State::active);
    ASSERT_TRUE(file);
    manager_->take(id, open ? std::make_shared<QueueFile>(std::move(*file)) : nullptr);
    context_.run_one_for(std::chrono::milliseconds(50));
    if (!open) {
      EXPECT_TRUE(run_until([&] { return manager_->waiting() == 1; }));
      manager_->flush();
    }
    ASSERT_TRUE(run_until([&] { return is_in(id, State::deferred); })) << open;
    EXPECT_TRUE(logged(id + ": from=<s@example.org>, size=11, nrcpt=2 (queue active)")) << open;
  }
}

// Its take() came late, or never.
TEST_F(ManagerTest, WhatLiesInActiveIsFoundAndTakenOnce) {
  const std::string first = put({"defer@here.example"});
  ASSERT_TRUE(run_until([&] { return is_in(first, State::deferred); }));  // it has begun
  const std::string id = put({"defer@here.example"});
  ASSERT_TRUE(spool_->move(id, State::incoming, State::active));
  auto file = spool_->open(id, State::active);
  ASSERT_TRUE(file);
  manager_->look();
  ASSERT_TRUE(run_until([&] { return is_in(id, State::deferred); }));
  ASSERT_TRUE(run_until([&] { return manager_->active() == 0; }));
  manager_->take(id, std::make_shared<QueueFile>(std::move(*file)));
  context_.run_one_for(std::chrono::milliseconds(50));
  EXPECT_EQ(0U, manager_->active());
  EXPECT_EQ(2U, deliverer_.asked.size());
}

// A scan has found it, and it was delivered, before who committed it came to say so.
TEST_F(ManagerTest, WhatIsGoneIsNotTaken) {
  const std::string id = put({"ok@here.example"});
  ASSERT_TRUE(spool_->move(id, State::incoming, State::active));
  auto file = spool_->open(id, State::active);
  ASSERT_TRUE(file);
  ASSERT_TRUE(spool_->remove(id, State::active));
  manager_->take(id, std::make_shared<QueueFile>(std::move(*file)));
  ASSERT_TRUE(run_until([&] { return manager_->waiting() == 0; }));
  const std::string other = put({"ok@there.example"});
  manager_->wake(other);
  ASSERT_TRUE(run_until([&] { return !deliverer_.asked.empty() && manager_->active() == 0; }));
  EXPECT_EQ(deliverer_.asked, std::vector<std::string>{"ok@there.example"});
}

// The name that it is known by may be another message's place by now.
TEST_F(ManagerTest, WhatWasPutBackIsTakenFromWhereItIs) {
  const std::string id = put({"ok@here.example"});
  auto file = spool_->open(id, State::incoming);
  ASSERT_TRUE(file);
  manager_->take(id, std::make_shared<QueueFile>(std::move(*file)));
  EXPECT_TRUE(run_until([&] { return !deliverer_.asked.empty() && manager_->active() == 0; }));
  EXPECT_EQ(1U, deliverer_.asked.size());
  EXPECT_TRUE(spool_->list(State::incoming)->empty());
}

TEST_F(ManagerTest, NoMoreAreTakenThanMayBeActive) {
  settings_.qmgr_message_active_limit = 1;
  manager_->use(std::make_shared<const config::Settings>(settings_));
  deliverer_.lost = true;  // nobody knows a destination: they stay
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(put({"ok@here.example"}));
    ASSERT_TRUE(spool_->move(ids.back(), State::incoming, State::active));
    auto file = spool_->open(ids.back(), State::active);
    ASSERT_TRUE(file);
    manager_->take(ids.back(), std::make_shared<QueueFile>(std::move(*file)));
  }
  std::size_t most = 0;
  run_until([&] {
    most = std::max(most, manager_->active());
    return manager_->active() == 0 && manager_->waiting() == 3;
  });
  EXPECT_LE(most, 1U);
  deliverer_.lost = false;
  env_.advance(std::chrono::hours(2));
  manager_->flush();
  EXPECT_TRUE(run_until([&] { return deliverer_.asked.size() == 3 && manager_->active() == 0; }));
}

TEST_F(ManagerTest, HasNoRoomWhenTheActiveQueueIsFullOrOthersWait) {
  settings_.qmgr_message_active_limit = 1;
  manager_->use(std::make_shared<const config::Settings>(settings_));
  EXPECT_TRUE(manager_->has_room());
  const std::string id = put({"ok@here.example"});
  manager_->wake(id);
  EXPECT_TRUE(run_until([&] { return !manager_->has_room(); }));
  EXPECT_TRUE(run_until([&] { return deliverer_.asked.size() == 1 && manager_->active() == 0; }));
  EXPECT_TRUE(manager_->has_room());
}

TEST_F(ManagerTest, DeliversAndRemoves) {
  const std::string id = put({"ok@a.example", "ok@b.example"});
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
  EXPECT_TRUE(logged(id + ": from=<s@example.org>, size=11, nrcpt=2 (queue active)"));
  EXPECT_EQ(2u, deliverer_.asked.size());
  for (const State state : {State::incoming, State::active, State::deferred, State::hold})
    EXPECT_TRUE(spool_->list(state)->empty());
}

TEST_F(ManagerTest, AMessageWhoseDestinationNobodyKnowsWaits) {
  deliverer_.lost = true;
  const std::string id = put({"ok@a.example"});
  manager_->wake(id);
  ASSERT_TRUE(
      run_until([&] { return log_.count(id + ": nobody knows") == 1 && manager_->active() == 0; }));
  EXPECT_EQ(1U, manager_->waiting());
  deliverer_.lost = false;
  manager_->flush();
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
}

TEST_F(ManagerTest, AnEarlierRecipientsEndIsNotTheMessages) {
  std::vector<std::string> many;
  for (int i = 0; i < 120; ++i) many.push_back("ok@" + std::to_string(i % 3) + ".example");
  const std::string id = put(many);
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
  EXPECT_EQ(120u, deliverer_.asked.size());
}

TEST_F(ManagerTest, FindsWhatLiesThereAtItsStart) {
  manager_->stop();
  ASSERT_TRUE(run_until([&] { return context_.stopped(); }));
  const std::string id = put({"ok@a.example"});
  context_.restart();
  start();
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
}

TEST_F(ManagerTest, WakingTwiceDeliversOnce) {
  const std::string id = put({"ok@a.example"});
  manager_->wake(id);
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
  manager_->wake(id);  // gone by now: no complaint
  const std::string next = put({"ok@a.example"});
  manager_->wake(next);
  ASSERT_TRUE(run_until([&] { return log_.count(": removed") == 2; }));
  EXPECT_EQ(2u, deliverer_.asked.size());
}

TEST_F(ManagerTest, DefersStrikesAndTriesTheRestAgain) {
  const std::string id = put({"ok@a.example", "defer@b.example"});
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return is_in(id, State::deferred) && manager_->waiting() == 1; }));
  EXPECT_EQ(env_.wall() + settings_.minimal_backoff_time,
            *spool_->next_attempt(id, State::deferred));
  auto file = spool_->open(id, State::deferred);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->envelope().recipients[0].done);
  EXPECT_FALSE(file->envelope().recipients[1].done);

  deliverer_.healed = true;
  env_.advance(seconds(299));
  manager_->wake("NOBODY0");  // looks again: not yet
  context_.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(2u, deliverer_.asked.size());
  env_.advance(seconds(1));
  manager_->wake("NOBODY1");
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
  EXPECT_EQ(3u, deliverer_.asked.size());
  EXPECT_EQ("defer@b.example", deliverer_.asked.back());
}

TEST_F(ManagerTest, FlushDoesNotWait) {
  const std::string id = put({"defer@b.example"});
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return is_in(id, State::deferred) && manager_->waiting() == 1; }));
  deliverer_.healed = true;
  manager_->flush();
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
}

TEST_F(ManagerTest, WhatFailedForGoodIsKeptInHold) {
  const std::string id = put({"ok@a.example", "bounce@b.example"});
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return is_in(id, State::hold) && manager_->active() == 0; }));
  EXPECT_EQ(1, log_.count("warning: " + id + ": kept in "));
  EXPECT_EQ(1, log_.count("as told: bounce"));
  auto file = spool_->open(id, State::hold);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->envelope().recipients[0].failed);
  EXPECT_TRUE(file->envelope().recipients[1].failed);
}

TEST_F(ManagerTest, AFailureDoesNotStopTheOthersRetries) {
  const std::string id = put({"defer@a.example", "bounce@b.example"});
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return is_in(id, State::deferred) && manager_->waiting() == 1; }));
  deliverer_.healed = true;
  manager_->flush();
  ASSERT_TRUE(run_until([&] { return is_in(id, State::hold) && manager_->active() == 0; }));
  EXPECT_EQ(3u, deliverer_.asked.size()) << "who failed for good is not asked again";
}

TEST_F(ManagerTest, WhatIsTooOldIsKeptInHold) {
  const std::string id = put({"defer@a.example"});
  env_.advance(settings_.maximal_queue_lifetime);
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return is_in(id, State::hold) && manager_->active() == 0; }));
  EXPECT_TRUE(logged(id + ": from=<s@example.org>, status=expired, kept in hold"));
}

TEST_F(ManagerTest, DamagedFilesAreSetAside) {
  const std::string early = put({"ok@a.example"});
  const std::string path = spool_->path(early, State::incoming);
  const std::string whole = testing_support::contents_of(path);
  testing_support::write_contents(path, whole.substr(1));
  manager_->wake(early);
  const std::string late = put({"corrupt@a.example"});
  manager_->wake(late);
  ASSERT_TRUE(run_until(
      [&] { return scratch_.files("queue/corrupt").size() == 2 && manager_->active() == 0; }));
  EXPECT_EQ(0u, manager_->waiting());
  EXPECT_EQ(2, log_.count("moved to "));
}

TEST_F(ManagerTest, ADeadDestinationIsSpared) {
  const std::string first = put({"dead@a.example"});
  manager_->wake(first);
  ASSERT_TRUE(run_until([&] { return is_in(first, State::deferred) && manager_->active() == 0; }));
  const std::string second = put({"ok@a.example"});
  manager_->wake(second);
  ASSERT_TRUE(run_until([&] { return is_in(second, State::deferred) && manager_->active() == 0; }));
  EXPECT_EQ(1u, deliverer_.asked.size());
  EXPECT_EQ("ok@a.example: delivery temporarily suspended: as told: dead",
            deliverer_.logged.back());
  deliverer_.healed = true;
  manager_->flush();  // asks again
  ASSERT_TRUE(run_until([&] { return log_.count(second + ": removed") == 1; }));
}

TEST_F(ManagerTest, ManyRecipientsGoInSeveralDeliveries) {
  const std::string id = put(std::vector<std::string>(120, "ok@a.example"));
  manager_->wake(id);
  ASSERT_TRUE(run_until([&] { return log_.count(id + ": removed") == 1; }));
  EXPECT_EQ(120u, deliverer_.asked.size());
}

TEST_F(ManagerTest, ManyMessages) {
  settings_.qmgr_message_active_limit = 7;
  for (int i = 0; i < 60; ++i) manager_->wake(put({"ok@a.example", "ok@b.example"}));
  ASSERT_TRUE(run_until([&] { return log_.count(": removed") == 60; }));
  EXPECT_EQ(120u, deliverer_.asked.size());
}

}  // namespace
}  // namespace headgate::queue
