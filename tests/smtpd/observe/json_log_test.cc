#include "smtpd/observe/json_log.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/log_collector.h"
#include "tests/support/scratch_directory.h"

namespace headgate::observe {
namespace {

using nlohmann::json;
using testing_support::LogCollector;
using testing_support::ScratchDirectory;

constexpr WallTime kTime(std::chrono::microseconds(1770000000123456));

Event connected() {
  Event event;
  event.program = Program::smtpd;
  event.number = 7;
  event.text = "connect from mail.example[192.0.2.1]";
  event.kind = "connect";
  event.fields = {
      {"client_address", "192.0.2.1"}, {"client_port", std::int64_t{25}}, {"delay_seconds", 0.5}};
  return event;
}

TEST(JsonLineTest, HoldsTheFieldsAndTheText) {
  EXPECT_EQ(json_line(connected(), "mx1", kTime),
            R"({"time":"2026-02-02T02:40:00.123456Z","host":"mx1","program":"smtpd","session":7,)"
            R"("level":"info","event":"connect","client_address":"192.0.2.1","client_port":25,)"
            R"("delay_seconds":0.5,"text":"connect from mail.example[192.0.2.1]"})");
}

TEST(JsonLineTest, AnEventWithoutSessionAndFieldsHasThePid) {
  Event event;
  event.level = Level::warning;
  event.text = "x";
  const json line = json::parse(json_line(event, "mx1", kTime));
  EXPECT_EQ(line["pid"], getpid());
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["program"], "master");
  EXPECT_FALSE(line.contains("event"));
  EXPECT_FALSE(line.contains("session"));
}

TEST(JsonLineTest, WhatASenderControlsCannotBreakOut) {
  Event event = connected();
  event.text = "a\"}\n{\"level\":\"fatal\"}\xff\x01";
  const std::string line = json_line(event, "mx1", kTime);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(json::parse(line)["level"], "info");
}

std::vector<json> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  return lines;
}

TEST(JsonLogTest, ThreadsDoNotMixTheirLines) {
  const ScratchDirectory directory;
  const std::string path = directory.path("log.json");
  SystemEnv env;
  auto log = JsonLog::open(path, "mx1", env);
  ASSERT_TRUE(log.has_value());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) (*log)->write(connected());
    });
  }
  for (std::thread& thread : threads) thread.join();
  log->reset();  // lines may wait a moment
  EXPECT_EQ(lines_of(path).size(), 400U);
}

TEST(JsonLogTest, ReopensAfterARename) {
  const ScratchDirectory directory;
  const std::string path = directory.path("log.json");
  SystemEnv env;
  auto log = JsonLog::open(path, "mx1", env);
  ASSERT_TRUE(log.has_value());
  (*log)->write(connected());
  ASSERT_EQ(::rename(path.c_str(), directory.path("old").c_str()), 0);
  ASSERT_TRUE((*log)->reopen().has_value());
  (*log)->write(connected());
  (*log)->write(connected());
  log->reset();
  EXPECT_EQ(lines_of(directory.path("old")).size(), 1U);
  EXPECT_EQ(lines_of(path).size(), 2U);
}

TEST(JsonLogTest, ADirectoryThatIsNotThereIsAnError) {
  SystemEnv env;
  EXPECT_FALSE(JsonLog::open("/nonexistent/x.json", "mx1", env).has_value());
}

TEST(TeeTest, BothHearOfItAndFieldsAreWantedWhenOneWantsThem) {
  const ScratchDirectory directory;
  SystemEnv env;
  auto log = JsonLog::open(directory.path("log.json"), "mx1", env);
  ASSERT_TRUE(log.has_value());
  LogCollector plain, other;
  EXPECT_FALSE(Tee(plain, other).wants_fields());
  Tee tee(plain, **log);
  EXPECT_TRUE(tee.wants_fields());
  tee.write(connected());
  log->reset();
  EXPECT_EQ(lines_of(directory.path("log.json")).size(), 1U);
  EXPECT_EQ(plain.events().size(), 1U);
}

}  // namespace
}  // namespace headgate::observe
