// Rounds and builds on their threads, with a loop that runs here: what is taken, what is logged, how it ends.
#include "smtpd/cli/renewal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/smtpd/cli/fake_source.h"
#include "tests/support/fake_env.h"
#include "tests/support/log_collector.h"

namespace headgate::cli {
namespace {

using testing_support::FakeSource;

class RenewalTest : public testing::Test, public Renewal::House {
 protected:
  RenewalTest() {
    std::string name = testing::TempDir() + "renewal_XXXXXX";
    directory_ = ::mkdtemp(name.data());
    write("main.cf",
          "compatibility_level = 3.6\nmyhostname = mx.here.example\nmydestination = here.example\n"
          "local_recipient_maps =\nsmtpd_forbidden_commands =\n"
          "header_checks = pcre:$config_directory/checks\n");
    write("master.cf", "127.0.0.1:2525 inet n - n - 3 smtpd\n");
    write("checks", "one");
    config_ = std::make_unique<config::Config>(*load());
  }

  ~RenewalTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& file, const std::string& text) const {
    std::ofstream(directory_ + "/" + file) << text;
  }

  [[nodiscard]] Result<config::Config> load() const {
    config::LoadOptions options;
    options.directory = directory_;
    return config::load(options);
  }

  // As the server at its start.
  void open() {
    for (const config::Service& service : config_->services) {
      ASSERT_TRUE(
          open_generations(service, 1, store_, reports_, Missing::fails_each_lookup, *tls_));
    }
    renewal_ = std::make_unique<Renewal>(
        io_, *this, [this] { return load(); }, store_, reports_, log_, env_);
    renewal_->start(poll_);
  }

  [[nodiscard]] InForce in_force() const override {
    return {config_->services, config_->main, tls_};
  }

  bool take(Prepared prepared) override {
    ++taken_;
    if (failure_) throw std::runtime_error("out of memory");
    for (PreparedService& service : prepared.services) {
      EXPECT_TRUE(service.generations) << service.generations.error().text();
      const auto answer = service.generations->front()->calm->checks->header->find("Subject: x");
      value_ = answer && *answer ? (*answer)->value : "no answer";
    }
    return !refuse_;
  }

  // The text that the store has in force.
  [[nodiscard]] std::string in_store() const { return store_.tables().at(0).counts.at(0).value; }

  void reload_until(const std::string& text, int count = 1) {
    renewal_->reload();
    run_until([&] { return log_.count(text) == count; });
  }

  // A condition may come true on another thread without an event here: the loop must not sleep on it for ever.
  template <class Condition>
  void run_until(Condition condition) {
    while (!condition()) io_.run_one_for(std::chrono::milliseconds(5));
  }

  void end() {
    renewal_->stop();
    io_.run();
    renewal_.reset();
  }

  std::string directory_, value_;
  int taken_ = 0;
  std::chrono::seconds poll_{0};
  bool refuse_ = false, failure_ = false;
  testing_support::FakeEnv env_;
  testing_support::LogCollector log_;
  FakeSource source_;
  TableStore store_{source_, env_, [this](const std::string& name) { reports_.repeat(name); }};
  std::shared_ptr<TlsContexts> tls_ = std::make_shared<TlsContexts>(env_);
  OpeningReports reports_{log_};
  aio::io_context io_{1};
  std::unique_ptr<config::Config> config_;
  std::unique_ptr<Renewal> renewal_;
};

TEST_F(RenewalTest, ATableThatWasBuiltIsOpenedAgain) {
  source_.wants_build = true;
  open();
  run_until([this] { return taken_ == 1; });
  end();
  EXPECT_EQ(value_, "one");
  EXPECT_EQ(source_.builds, 1);
  EXPECT_EQ(log_.count("building a database of 1 patterns"), 1);
  EXPECT_EQ(log_.count("1 patterns, built in 0.0 s"), 1);
  // The source's programs have no database even now.
  EXPECT_EQ(log_.count("has no pattern that can be scanned for: the reference engine"), 1);
  EXPECT_EQ(log_.count("warned of one"), 1);
}

TEST_F(RenewalTest, ABuildThatFailsIsSaidOnceAndTheTableGoesOn) {
  source_.wants_build = true;
  source_.build_error = "the builder was killed";
  open();
  run_until([this] { return log_.count("warning: table") == 1; });
  renewal_->reload();
  run_until([this] { return log_.count("warning: table") == 2; });  // tried again
  end();
  EXPECT_EQ(taken_, 1);
  EXPECT_EQ(value_, "one");
  EXPECT_EQ(log_.count("no database: the builder was killed; its answers stay right, only slower; "
                       "the next reload tries again"),
            2);
}

TEST_F(RenewalTest, TheNameOfALongInlineTableLeavesRoomForTheReason) {
  const std::string table = "{ {/" + std::string(3000, 'x') + "/ REJECT} }";
  std::ofstream(directory_ + "/main.cf", std::ios::app) << "header_checks = pcre:" << table << "\n";
  config_ = std::make_unique<config::Config>(*load());
  source_.wants_build = true;
  source_.build_error = "the builder was killed";
  open();
  run_until([this] { return log_.count("warning: table") == 1; });
  end();
  EXPECT_EQ(
      log_.count("table pcre:" + table.substr(0, 95) + "...: no database: the builder was killed"),
      1);
  EXPECT_EQ(log_.count("table pcre:" + table.substr(0, 95) + "...: building a database"), 1);
}

TEST_F(RenewalTest, AStopCancelsABuild) {
  source_.wants_build = true;
  std::atomic<bool> begun{false};
  source_.while_building = [&begun](const std::atomic<bool>& cancelled) {
    begun = true;
    while (!cancelled) std::this_thread::yield();
  };
  open();
  run_until([&begun] { return begun.load(); });
  end();
  EXPECT_EQ(taken_, 0);
}

TEST_F(RenewalTest, AReloadDuringABuildAndASecondOneDuringTheFirstAreDone) {
  source_.wants_build = true;
  std::atomic<bool> finish{false}, begun{false};
  source_.while_building = [&](const std::atomic<bool>&) {
    begun = true;
    while (!finish) std::this_thread::yield();
  };
  open();
  run_until([&begun] { return begun.load(); });
  write("checks", "two");
  renewal_->reload();
  run_until([this] { return taken_ == 1; });
  EXPECT_EQ(value_, "two");

  int loop_ran = 0;
  std::atomic<bool> loading{false}, go_on{false};
  source_.while_loading = [&] {
    loading = true;
    while (!go_on) std::this_thread::yield();
  };
  write("checks", "three");
  renewal_->reload();
  run_until([&loading] { return loading.load(); });
  aio::post(io_, [&loop_ran] { ++loop_ran; });  // the loop is free while a table is read
  run_until([&] { return loop_ran == 1; });
  renewal_->reload();
  go_on = true;
  run_until([this] { return taken_ == 3; });
  EXPECT_EQ(value_, "three");
  finish = true;
  run_until([this] { return taken_ == 4; });  // built
  end();
}

TEST_F(RenewalTest, ABadConfigurationLeavesTheOldOneInForce) {
  open();
  write("main.cf", "smtpd_timeout = soon\n");
  renewal_->reload();
  run_until([this] { return log_.count("the old configuration stays in force") == 1; });
  end();
  EXPECT_EQ(taken_, 0);
}

constexpr const char* kRefused = "; the old configuration stays in force";

TEST_F(RenewalTest, AReloadWithATableThatIsMissingIsRefusedAsAWhole) {
  open();
  write("checks", "two");
  int tried = 0;
  for (const std::string parameter :
       {"body_checks = pcre:", "relay_domains = texthash:", "mynetworks = ",
        "relay_recipient_maps = texthash:", "virtual_mailbox_maps = texthash:",
        "smtp_header_checks = texthash:"}) {
    const std::string missing = directory_ + "/none" + std::to_string(++tried);
    write("main.cf",
          "compatibility_level = 3.6\nmyhostname = mx.here.example\nmydestination = here.example\n"
          "local_recipient_maps =\nsmtpd_forbidden_commands =\n"
          "header_checks = pcre:$config_directory/checks\n" +
              parameter + missing + "\n");
    renewal_->reload();
    const std::string refused = missing + ": No such file or directory" + kRefused;
    run_until([&] { return log_.count(refused) > 0 || taken_ > 0; });
    ASSERT_EQ(taken_, 0) << parameter;
  }
  end();
  EXPECT_EQ(in_store(), "one");
}

TEST_F(RenewalTest, WhatFailsAlreadyDoesNotRefuseAReload) {
  std::filesystem::remove(directory_ + "/checks");
  write("other", "other");
  open();
  reports_.taken();
  const auto main = [&](const std::string& more) {
    write("main.cf",
          "compatibility_level = 3.6\nmyhostname = mx.here.example\nmydestination = here.example\n"
          "local_recipient_maps =\nsmtpd_forbidden_commands =\n"
          "header_checks = pcre:$config_directory/other, pcre:$config_directory/checks\n" +
              more);
  };
  main("");
  renewal_->reload();
  run_until([this] { return taken_ == 1; });
  EXPECT_EQ(value_, "other");
  main("body_checks = pcre:$config_directory/none\n");
  reload_until("/none: No such file or directory; the old");
  end();
  EXPECT_EQ(taken_, 1);
}

TEST_F(RenewalTest, WhatFailsForOneConsumerIsNewForAnother) {
  std::filesystem::remove(directory_ + "/checks");
  open();
  reports_.taken();
  const std::string refused =
      "open " + directory_ + "/checks: No such file or directory" + kRefused;
  std::ofstream(directory_ + "/main.cf", std::ios::app)
      << "smtp_header_checks = pcre:$config_directory/checks\n";
  reload_until("reload: delivery: " + refused);
  std::ofstream(directory_ + "/main.cf", std::ios::app) << "smtp_header_checks =\n";
  std::ofstream(directory_ + "/master.cf", std::ios::app)
      << "127.0.0.1:2526 inet n - n - 3 smtpd\n";
  reload_until("reload: service 127.0.0.1:2526: " + refused);
  end();
  EXPECT_EQ(taken_, 0);
  EXPECT_EQ(log_.count("service 127.0.0.1:2525"), 0);
}

TEST_F(RenewalTest, WarningsAreSaidByCleanupAndBySmtp) {
  std::ofstream(directory_ + "/main.cf", std::ios::app)
      << "smtp_header_checks = pcre:$config_directory/checks\n";
  poll_ = std::chrono::seconds(1);
  open();
  renewal_->reload();
  run_until([this] { return taken_ == 1; });
  EXPECT_EQ(log_.count("warned of one"), 3);  // the start opened no delivery here
  config_ = std::make_unique<config::Config>(*load());
  write("checks", "two");
  run_until([this] { return value_ == "two"; });
  EXPECT_EQ(log_.count("warned of two"), 2);
  EXPECT_EQ(log_.count("warned of one"), 3);
  end();
}

TEST_F(RenewalTest, ATableThatFailsForAPassingReasonIsSaidOnceUntilItSucceeds) {
  source_.load_error = Error{Code::unavailable, "Too many open files", ""};
  source_.while_loading = [this] {
    if (source_.loads == 4) source_.load_error.reset();
  };
  poll_ = std::chrono::seconds(1);
  open();
  run_until([this] { return value_ == "one"; });
  end();
  EXPECT_EQ(source_.loads, 4);
  EXPECT_EQ(log_.count("Too many open files"), 1);
}

// One call for both: the build's would be forgotten with the reload.
TEST_F(RenewalTest, ABuildThatEndsAtARefusedReloadIsTakenAllTheSame) {
  source_.wants_build = true;
  open();
  run_until([this] { return log_.count("1 patterns, built in") == 1; });
  write("main.cf", "smtpd_timeout = soon\n");
  reload_until("the old configuration stays in force");
  run_until([this] { return taken_ == 1; });
  end();
  EXPECT_EQ(log_.count("has no pattern that can be scanned for: the reference engine"), 1);
}

TEST_F(RenewalTest, ItIsBusyUntilWhatCannotBeEndedIsOver) {
  std::atomic<bool> loading{false}, building{false}, go_on{false};
  source_.wants_build = true;
  source_.while_building = [&](const std::atomic<bool>&) {
    building = true;
    while (!go_on) std::this_thread::yield();
  };
  open();
  run_until([&] { return building.load(); });
  EXPECT_TRUE(renewal_->busy());
  source_.while_loading = [&] {
    loading = true;
    while (!go_on) std::this_thread::yield();
  };
  renewal_->reload();
  run_until([&] { return loading.load(); });
  renewal_->stop();
  io_.poll();
  EXPECT_TRUE(renewal_->busy());
  go_on = true;
  run_until([&] { return !renewal_->busy(); });
  end();
}

TEST_F(RenewalTest, WhatTheServerRefusesIsNotInForce) {
  open();
  write("checks", "two");
  refuse_ = true;
  renewal_->reload();
  run_until([this] { return taken_ == 1; });
  refuse_ = false;
  renewal_->reload();
  run_until([this] { return taken_ == 2; });  // so the first one has ended
  EXPECT_EQ(in_store(), "two");
  end();
}

TEST_F(RenewalTest, AnExceptionLeavesWhatIsInForceAndRenewalGoesOn) {
  open();
  write("checks", "two");
  failure_ = true;
  reload_until(std::string("out of memory") + kRefused);
  EXPECT_EQ(in_store(), "one");
  failure_ = false;
  renewal_->reload();
  run_until([this] { return taken_ == 2; });
  end();
  EXPECT_EQ(value_, "two");
}

TEST_F(RenewalTest, ATextThatCannotBeReadIsSaid) {
  write("main.cf",
        "compatibility_level = 3.6\nmyhostname = mx.here.example\n"
        "mydestination = texthash:$config_directory/domains\n"
        "local_recipient_maps =\nsmtpd_forbidden_commands =\n"
        "header_checks = pcre:$config_directory/checks\n");
  write("domains", "here.example x\n");
  config_ = std::make_unique<config::Config>(*load());
  poll_ = std::chrono::seconds(1);
  open();
  std::filesystem::remove(directory_ + "/domains");
  run_until([this] { return log_.count("warning: table " + directory_ + "/domains: open ") == 1; });
  EXPECT_EQ(log_.count("the table that was loaded before stays in force"), 1);
  end();
}

// Each consumer of such tables, and the content checks, which do not fold.
TEST_F(RenewalTest, ATextThatNamesAKeyTwiceIsKeptByAPollAndRefusedAtAReload) {
  write("main.cf",
        "compatibility_level = 3.6\nmyhostname = mx.here.example\n"
        "mydestination = texthash:$config_directory/list\nlocal_recipient_maps =\n"
        "smtpd_forbidden_commands =\nrelay_domains = texthash:$config_directory/list\n"
        "virtual_mailbox_maps = texthash:$config_directory/list\n"
        "smtp_header_checks = texthash:$config_directory/list\n"
        "header_checks = texthash:$config_directory/checks\n");
  write("checks", "k first\n");
  write("list", "here.example x\n");
  config_ = std::make_unique<config::Config>(*load());
  poll_ = std::chrono::seconds(1);
  open();
  const std::string checks = directory_ + "/checks", list = directory_ + "/list";
  const std::string kept = "; the table that was loaded before stays in force";
  const auto until_changed = [this](const std::string& table, int count) {
    run_until([&] { return log_.count("table " + table + " has changed") == count; });
  };
  write("checks", "K second\nk x\n");  // there the case counts
  until_changed(checks, 1);
  write("list", "b 1\nB 2\nc 3\n");
  run_until([&] {
    return log_.count("warning: table " + list + ": " + list + ", line 2: duplicate entry: \"B\"" +
                      kept) == 1;
  });
  EXPECT_EQ(log_.count("table " + list + " has changed"), 1);  // smtp_header_checks
  write("checks", "k third\nj x\nk y\n");
  run_until([&] { return log_.count(checks + ", line 3: duplicate entry: \"k\"" + kept) == 1; });
  EXPECT_EQ(log_.count("error: "), 0);

  reload_until("service 127.0.0.1:2525: " + checks + ", line 3: duplicate entry: \"k\"" + kRefused);
  EXPECT_EQ(log_.count("delivery: " + list + ", line 2: duplicate entry: \"B\"" + kRefused), 1);
  write("checks", "k fourth\n");
  until_changed(checks, 2);
  EXPECT_EQ(log_.count(list + " has changed"), 1);
  end();
}

TEST(OpeningReports, AComplaintComesAgainByTheFileOfItsTable) {
  testing_support::LogCollector log;
  OpeningReports reports(log);
  std::string error;
  const Diagnostic missing{Severity::error, "open /x: gone", "pcre:/x", 0, 0};
  const Diagnostic line{Severity::warning, "line 1 of /x", "/x", 1, 0};
  const Diagnostic other{Severity::error, "open /y/x: gone", "pcre:/y/x", 0, 0};
  const OpeningReports::Opener opener{Program::cleanup, "25"};
  for (const Diagnostic& diagnostic : {missing, line, other}) {
    EXPECT_TRUE(reports.first(opener, diagnostic, error));
    EXPECT_FALSE(reports.first(opener, diagnostic, error));
  }
  reports.repeat("/x");
  EXPECT_TRUE(reports.first(opener, missing, error));
  EXPECT_TRUE(reports.first(opener, line, error));
  EXPECT_FALSE(reports.first(opener, other, error));
  EXPECT_EQ(error, missing.text);
}

TEST(OpeningReports, AComplaintIsSaidByEachProgramAndIsInForceForOneConsumer) {
  testing_support::LogCollector log;
  OpeningReports reports(log);
  const Diagnostic missing{Severity::error, "open /x: gone", "pcre:/x", 0, 0};
  const OpeningReports::Opener service{Program::cleanup, "25"}, second{Program::cleanup, "587"},
      smtp{Program::smtp, OpeningReports::kDelivery};
  std::string error, none;
  reports.begin();
  EXPECT_TRUE(reports.first(service, missing, error));
  reports.taken();
  reports.begin();
  EXPECT_FALSE(reports.first(service, missing, none));
  EXPECT_EQ(none, "");
  error.clear();
  EXPECT_FALSE(reports.first(second, missing, error));  // cleanup has said it
  EXPECT_EQ(error, missing.text);
  error.clear();
  EXPECT_TRUE(reports.first(smtp, missing, error));
  EXPECT_EQ(error, missing.text);
}

TEST(OpeningReports, ARefusedReloadIsNoReasonToSayItAgain) {
  testing_support::LogCollector log;
  OpeningReports reports(log);
  const Diagnostic line{Severity::warning, "line 1 of /x", "/x", 1, 0};
  const OpeningReports::Opener opener{Program::cleanup, "25"};
  std::string error;
  EXPECT_TRUE(reports.first(opener, line, error));
  reports.repeat_all();
  reports.refused();
  EXPECT_FALSE(reports.first(opener, line, error));
  reports.repeat_all();
  EXPECT_TRUE(reports.first(opener, line, error));
  reports.taken();
  EXPECT_FALSE(reports.first(opener, line, error));
}

}  // namespace
}  // namespace headgate::cli
