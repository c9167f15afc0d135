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
      ASSERT_TRUE(open_generation(service, store_, reports_, Missing::fails_each_lookup));
    }
    renewal_ = std::make_unique<Renewal>(
        io_, *this, [this] { return load(); }, store_, reports_, log_, env_);
    renewal_->start(std::chrono::seconds(0));
  }

  [[nodiscard]] InForce in_force() const override { return {config_->services, config_->main}; }

  void take(Prepared prepared) override {
    ++taken_;
    for (PreparedService& service : prepared.services) {
      ASSERT_TRUE(service.generation) << service.generation.error().text();
      const auto answer = (*service.generation)->calm->checks->header->find("Subject: x");
      ASSERT_TRUE(answer && *answer);
      value_ = (*answer)->value;
    }
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
  testing_support::FakeEnv env_;
  testing_support::LogCollector log_;
  FakeSource source_;
  TableStore store_{source_, env_};
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

}  // namespace
}  // namespace headgate::cli
