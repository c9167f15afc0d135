// Against a server that is not ours: Postfix's smtp-sink on a loopback port, which writes down what it got.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "smtpd/deliver/smtp_client.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/log_collector.h"
#include "tests/support/queue_file_maker.h"
#include "tests/support/scratch_directory.h"

namespace headgate::deliver {
namespace {

constexpr const char* kSink = "/usr/sbin/smtp-sink";

class Sink {
 public:
  Sink(const std::string& directory, std::uint16_t port, std::vector<std::string> options) {
    std::vector<std::string> words = {kSink, "-c", "-d", directory + "/%M."};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"127.0.0.1:" + std::to_string(port), "10"});
    if (::geteuid() == 0) words.insert(words.begin() + 1, {"-u", "nobody"});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    if (::posix_spawn(&pid_, kSink, &quiet, nullptr, argv.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&quiet);
  }

  ~Sink() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

 private:
  pid_t pid_ = -1;
};

std::uint16_t free_port() {
  aio::io_context context;
  const aio::ip::tcp::endpoint loopback(aio::ip::address_v4::loopback(), 0);
  const aio::ip::tcp::acceptor acceptor(context, loopback);
  return acceptor.local_endpoint().port();
}

class SmtpSinkTest : public ::testing::Test {
 protected:
  SmtpSinkTest() : pool_(1), connector_("") {}

  void SetUp() override {
    if (::access(kSink, X_OK) != 0) GTEST_SKIP() << kSink << " is not installed";
    std::filesystem::create_directory(scratch_.path("sink"));
    std::filesystem::permissions(scratch_.path("sink"), std::filesystem::perms::all);
    std::filesystem::permissions(scratch_.path(), std::filesystem::perms::all);
    settings_.myhostname = "me.example";
  }

  void TearDown() override { pool_.join(); }

  // The sink may still be starting: a refused connection is tried again.
  queue::Outcome deliver(const std::string& content, std::uint16_t port) {
    queue::Envelope envelope;
    envelope.sender = "s@y.example";
    const auto file =
        testing_support::make_queue_file(scratch_.path("m"), content, envelope, {"a@x.example"});
    const std::string nexthop = "[127.0.0.1]:" + std::to_string(port);
    const queue::Delivery delivery("ID", "smtp:" + nexthop, file, {0}, env_.wall());
    SmtpClient client(pool_, turns_, settings_, resolver_, connector_, env_, log_, nullptr);
    std::vector<queue::Outcome> outcomes;
    for (int tries = 0; tries < 200; ++tries) {
      aio::io_context context;
      aio::co_spawn(context, client.deliver(delivery, nexthop),
                    [&outcomes](std::exception_ptr, std::vector<queue::Outcome> result) {
                      outcomes = std::move(result);
                    });
      context.run();
      if (outcomes.empty() || outcomes[0].relay != "none") break;
      ::usleep(20000);
    }
    return outcomes.empty() ? queue::Outcome() : outcomes[0];
  }

  // What the sink wrote, without its own X- headers.
  std::string received() {
    const auto files = scratch_.files("sink");
    return files.size() == 1 ? testing_support::contents_of(files[0]) : "";
  }

  testing_support::ScratchDirectory scratch_;
  testing_support::FakeResolver resolver_;
  config::Settings settings_;
  SystemEnv env_;
  testing_support::LogCollector log_;
  aio::thread_pool pool_;
  net::Turns turns_{1};
  TcpConnector connector_;
};

std::string awkward_content() {
  std::string content = "Subject: x\n\n.\n..\n.dot\n\n";
  for (int i = 0; i < 5000; ++i)
    content +=
        std::string(static_cast<std::size_t>(i % 90), static_cast<char>('a' + i % 26)) + "\n";
  return content;
}

TEST_F(SmtpSinkTest, WithPipelining) {
  const std::uint16_t port = free_port();
  const Sink sink(scratch_.path("sink"), port, {});
  const std::string content = awkward_content();
  const queue::Outcome outcome = deliver(content, port);
  ASSERT_EQ(queue::Status::sent, outcome.status) << outcome.text;
  const std::string got = received();
  EXPECT_NE(std::string::npos, got.find("X-Rcpt-Args: <a@x.example>")) << got.substr(0, 500);
  EXPECT_NE(std::string::npos, got.find(content)) << got.size();
}

TEST_F(SmtpSinkTest, WithoutPipelining) {
  const std::uint16_t port = free_port();
  const Sink sink(scratch_.path("sink"), port, {"-p"});
  const std::string content = awkward_content();
  ASSERT_EQ(queue::Status::sent, deliver(content, port).status);
  EXPECT_NE(std::string::npos, received().find(content));
}

TEST_F(SmtpSinkTest, WithoutEsmtp) {
  const std::uint16_t port = free_port();
  const Sink sink(scratch_.path("sink"), port, {"-e"});
  EXPECT_EQ(queue::Status::sent, deliver("Subject: x\n\nx\n", port).status);
}

TEST_F(SmtpSinkTest, RefusalsAtEveryCommand) {
  const struct {
    const char* option;
    const char* command;
    queue::Status status;
  } rows[] = {{"-f", "mail", queue::Status::bounced},  {"-f", "rcpt", queue::Status::bounced},
              {"-f", "data", queue::Status::bounced},  {"-f", ".", queue::Status::bounced},
              {"-r", "rcpt", queue::Status::deferred}, {"-r", ".", queue::Status::deferred}};

  for (const auto& row : rows) {
    const std::uint16_t port = free_port();
    const Sink sink(scratch_.path("sink"), port, {row.option, row.command});
    const queue::Outcome outcome = deliver("Subject: x\n\nx\n", port);
    EXPECT_EQ(row.status, outcome.status)
        << row.option << " " << row.command << ": " << outcome.text;
  }
}

}  // namespace
}  // namespace headgate::deliver
