// SessionHouse: everything a Session needs, in memory: a configuration written to a temporary directory, a queue that
// keeps what it gets, a clock that moves when the session pauses.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "smtpd/config/load.h"
#include "smtpd/session/converse.h"
#include "smtpd/session/open_checks.h"
#include "smtpd/session/tls_policy.h"
#include "tests/support/fake_env.h"
#include "tests/support/log_collector.h"
#include "tests/support/memory_spool.h"

namespace headgate::session {

class FakeLoop final : public Loop {
 public:
  explicit FakeLoop(testing_support::FakeEnv& env) : env_(env) {}

  Task<void> pause(std::chrono::milliseconds duration) override {
    env_.advance(duration);
    paused += duration;
    co_return;
  }

  Task<Result<void>> off_loop(std::function<Result<void>()> work) override { co_return work(); }

  Task<Result<void>> inspect(const void*, std::chrono::milliseconds,
                             std::function<Result<void>()> work) override {
    if (before_inspecting) before_inspecting();
    co_return work();
  }

  Task<Result<void>> ask(const void*, std::chrono::milliseconds,
                         std::function<Result<void>()> work) override {
    ++asked;
    if (!answers) co_return fail(Code::timeout, "nobody has answered");
    co_return work();
  }

  std::chrono::milliseconds paused{0};
  std::function<void()> before_inspecting;
  int asked = 0;
  bool answers = true;  // what is asked

 private:
  testing_support::FakeEnv& env_;
};

class FakeQueueDoor final : public QueueDoor {
 public:
  Task<Result<void>> commit(queue::Commit& message) override {
    const Result<void> done = message.writer.commit(message.envelope, message.state);
    if (done && message.state != queue::State::hold) woken.push_back(message.writer.id());
    co_return done;
  }

  std::vector<std::string> woken;
};

class SessionHouse {
 public:
  SessionHouse() {
    std::string pattern = testing::TempDir() + "session_house_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }

  ~SessionHouse() { std::filesystem::remove_all(directory_); }

  SessionHouse(const SessionHouse&) = delete;
  SessionHouse& operator=(const SessionHouse&) = delete;

  // A file beside main.cf; `$config_directory/NAME` names it.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ + "/" + name) << text;
  }

  // `extra`: lines of main.cf. Opens the two states; false and a reason when the configuration is bad.
  // `cleanup`: the options of the cleanup entry.
  testing::AssertionResult configure(const std::string& extra, const std::string& cleanup = "") {
    write("main.cf",
          "compatibility_level = 3.6\nmyhostname = mx.here.example\nmydomain = here.example\n"
          "mydestination = here.example\nlocal_recipient_maps =\nmynetworks = 127.0.0.0/8\n"
          "inet_interfaces = 127.0.0.1\n" +
              extra);
    write("master.cf",
          "2525 inet n - n - 3 smtpd\ncleanup unix n - n - 0 cleanup " + cleanup + "\n");
    config::LoadOptions options;
    options.directory = directory_;
    const Result<config::Config> config = config::load(options);
    if (!config) return testing::AssertionFailure() << config.error().text();
    if (config->services.size() != 2) return testing::AssertionFailure() << "no service";
    const config::Service& service = config->services[0];
    const WarningSink warn = [this](const Diagnostic& d) { warnings.push_back(d.text); };
    const ServiceChecks checks =
        open_service_checks(*service.calm, *service.stressed, programs_, warn);
    AccessTables tables;
    calm = open_state(service.calm, checks.calm, programs_, tables, warn);
    stressed = open_state(service.stressed, checks.stressed, programs_, tables, warn);
    for (const StatePtr& state : {calm, stressed}) {
      if (!uses_tls(*state->settings)) continue;
      const auto keys = std::make_shared<net::TlsTicketKeys>(env, std::chrono::hours(1));
      const auto opened = net::TlsContext::open(tls_options(*state->settings, "2525"), keys, warn);
      if (opened) state->tls = *opened;
    }
    return testing::AssertionSuccess();
  }

  Services& services() { return services_; }

  testing_support::FakeEnv env;
  testing_support::LogCollector log;
  testing_support::MemorySpool spool;
  FakeQueueDoor door;
  FakeLoop loop{env};
  stress::House stress{env, log};
  StatePtr calm, stressed;
  std::vector<std::string> warnings;

 private:
  std::string directory_;
  compiler::CompilingSource programs_;
  Services services_{spool, door, loop, env, log, stress};
};

// The states change when the test says so.
class FakeStates final : public StateSource {
 public:
  explicit FakeStates(StatePtr first) : state(std::move(first)) {}

  StatePtr current() override { return state; }

  [[nodiscard]] bool stopping() const override { return stop; }

  StatePtr state;
  bool stop = false;
};

}  // namespace headgate::session
