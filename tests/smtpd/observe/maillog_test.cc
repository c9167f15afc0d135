#include "smtpd/observe/maillog.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/text.h"

namespace headgate::observe {
namespace {

class FixedEnv final : public Env {
 public:
  [[nodiscard]] WallTime wall() const override {
    return WallTime(std::chrono::seconds(1770000000));
  }

  [[nodiscard]] SteadyTime steady() const override { return {}; }

  std::uint64_t random() override { return 4; }
};

class MaillogTest : public testing::Test {
 protected:
  MaillogTest() {
    setenv("TZ", "UTC", 1);
    tzset();
    std::string name = std::filesystem::temp_directory_path() / "maillog_test.XXXXXX";
    directory_ = mkdtemp(name.data());
  }

  ~MaillogTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(std::string_view name) const {
    return (directory_ / name).string();
  }

  std::filesystem::path directory_;
  FixedEnv env_;
};

struct LineCase {
  Event event;
  const char* expected;
};

TEST_F(MaillogTest, LinesAreThoseOfPostfix) {
  const LineCase cases[] = {
      {{Program::smtpd, Level::info, 7, "connect from unknown[192.0.2.1]"},
       "Feb 02 02:40:00 mx1 postfix/smtpd[7]: connect from unknown[192.0.2.1]"},
      {{Program::virtual_, Level::info, 8, "x"}, "Feb 02 02:40:00 mx1 postfix/virtual[8]: x"},
      {{Program::master, Level::warning, 9, "x"},
       "Feb 02 02:40:00 mx1 postfix/master[9]: warning: x"},
      {{Program::qmgr, Level::error, 9, "x"}, "Feb 02 02:40:00 mx1 postfix/qmgr[9]: error: x"},
      {{Program::cleanup, Level::fatal, 9, "x"},
       "Feb 02 02:40:00 mx1 postfix/cleanup[9]: fatal: x"},
      {{Program::smtpd, Level::info, 1, "two\nlines\x01\xff"},
       "Feb 02 02:40:00 mx1 postfix/smtpd[1]: two?lines??"},
      {{Program::smtpd, Level::info, 1, "gr\xc3\xbc\xc3\x9f"},
       "Feb 02 02:40:00 mx1 postfix/smtpd[1]: gr\xc3\xbc\xc3\x9f"},
  };
  MaillogOptions options;
  options.host = "mx1";
  for (const LineCase& c : cases)
    EXPECT_EQ(maillog_line(c.event, options, env_.wall()), c.expected);
}

TEST_F(MaillogTest, ZeroMeansTheProcessId) {
  MaillogOptions options;
  EXPECT_THAT(maillog_line({Program::master, Level::info, 0, "x"}, options, env_.wall()),
              testing::HasSubstr(fmt::format("postfix/master[{}]: x", getpid())));
}

TEST_F(MaillogTest, AppendsWithTheShortHostName) {
  ASSERT_TRUE(write_file_atomically(path("log"), "before\n"));
  auto log = Maillog::open({path("log"), "postfix-out", "mx1.example.com"}, env_);
  ASSERT_TRUE(log) << log.error().text();
  (*log)->write({Program::smtp, Level::info, 3, "x"});
  log->reset();  // lines may wait a moment
  EXPECT_EQ(*read_file(path("log")), "before\nFeb 02 02:40:00 mx1 postfix-out/smtp[3]: x\n");
}

TEST_F(MaillogTest, ReopenFollowsARename) {
  auto log = Maillog::open({path("log"), "postfix", "h"}, env_);
  ASSERT_TRUE(log);
  (*log)->write({Program::smtp, Level::info, 1, "old"});
  std::filesystem::rename(path("log"), path("log.1"));
  (*log)->write({Program::smtp, Level::info, 1, "still old"});
  ASSERT_TRUE((*log)->reopen());
  (*log)->write({Program::smtp, Level::info, 1, "new"});
  log->reset();
  EXPECT_THAT(*read_file(path("log.1")),
              testing::AllOf(testing::HasSubstr("]: old\n"), testing::HasSubstr("still old\n")));
  EXPECT_THAT(*read_file(path("log")), testing::EndsWith("]: new\n"));
}

TEST_F(MaillogTest, AFailedReopenKeepsTheOldFile) {
  std::filesystem::create_directory(path("d"));
  auto log = Maillog::open({path("d/log"), "postfix", "h"}, env_);
  ASSERT_TRUE(log);
  std::filesystem::rename(path("d"), path("e"));
  EXPECT_FALSE((*log)->reopen());
  (*log)->write({Program::smtp, Level::info, 1, "kept"});
  log->reset();
  EXPECT_THAT(*read_file(path("e/log")), testing::EndsWith("kept\n"));
}

TEST_F(MaillogTest, OpenFailsWithTheReason) {
  auto log = Maillog::open({path("no/log"), "postfix", "h"}, env_);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, Code::not_found);
}

TEST_F(MaillogTest, ThreadsDoNotMixLines) {
  auto log = Maillog::open({path("log"), "postfix", "h"}, env_);
  ASSERT_TRUE(log);
  const std::string word(300, 'x');
  std::vector<std::thread> threads;
  for (std::uint32_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) (*log)->write({Program::smtpd, Level::info, t, word});
    });
  }
  for (auto& thread : threads) thread.join();
  log->reset();
  const std::string data = *read_file(path("log"));
  const auto lines = text::split(data, "\n");
  ASSERT_EQ(lines.size(), 800u);
  for (const auto line : lines) EXPECT_THAT(std::string(line), testing::EndsWith("]: " + word));
}

}  // namespace
}  // namespace headgate::observe
