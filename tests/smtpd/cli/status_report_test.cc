// The document and its text for people.
#include "smtpd/cli/status_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace headgate::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

ServerStatus sample() {
  ServerStatus status;
  status.version = "1.2.3";
  status.pid = 42;
  status.uptime_seconds = 3700;
  status.services = {{"smtp", "25", 3, 20, true}, {"587", "587", 0, 0, false}};
  TableInfo table;
  table.name = "pcre:/etc/checks";
  table.is_program = true;
  table.rules = 2;
  table.native = 1;
  table.confirm_only = 1;
  table.without_database = "its database is being built";
  table.counts = {{3, 5, 70, 0, "REJECT a"}, {9, 11, 400, 1700000000, "WARN \xff"}};
  status.tables.push_back(table);
  table.name = "regexp:/etc/body";
  table.databases = 1;
  table.database_bytes = 20480;
  table.without_database.clear();
  table.problem = "open /etc/body: No such file or directory";
  table.loaded = WallTime(std::chrono::seconds(1700000000));
  table.counts = {{1, 7, 7, 1700000000, "DUNNO"}};
  status.tables.push_back(table);
  TableInfo missing;
  missing.name = "pcre:/etc/missing";
  missing.problem = "open /etc/missing: No such file or directory";
  status.tables.push_back(missing);
  TableInfo text;
  text.name = "/etc/hosts";
  status.tables.push_back(text);
  return status;
}

TEST(StatusReport, SeveralEventLoopsAreTold) {
  ServerStatus status = sample();
  status.loops = {7};
  EXPECT_THAT(status_text(status_json(status), RuleOrder::none).value(), Not(HasSubstr("loop")));
  status.loops = {7, 0, 12};
  EXPECT_THAT(status_text(status_json(status), RuleOrder::none).value(),
              HasSubstr("any  calm\n\n  sessions on each event loop: 7, 0, 12\n\nstress"));
}

TEST(StatusReport, TheTextTellsServicesAndTables) {
  const std::string text = status_text(status_json(sample()), RuleOrder::none).value();
  EXPECT_THAT(text, HasSubstr("headgate 1.2.3, process 42, up 1 h 1 min\n"));
  EXPECT_THAT(text, HasSubstr("  service  port  in use  slots  stress\n"
                              "  smtp     25         3     20  stressed\n"
                              "  587      587        0    any  calm\n"));
  EXPECT_THAT(text, HasSubstr("pcre:/etc/checks\n  loaded never; 2 rules; patterns: 1 native, 1 "
                              "confirm-only\n  matching without a database because its "
                              "database is being built\n"));
  EXPECT_THAT(text,
              HasSubstr("  1 database, 20 KiB\n  the last good one; its file: open /etc/body"));
  EXPECT_THAT(text, HasSubstr("pcre:/etc/missing\n  loaded never\n  each lookup fails: open /etc"));
  EXPECT_THAT(text, Not(HasSubstr("REJECT")));
}

// The actions in the order of their rows, one below the other.
std::string order(RuleOrder by) {
  ServerStatus status = sample();
  status.with_rules = true;
  const std::string text = status_text(status_json(status), by).value();
  std::map<long, std::string> rows;
  for (const char* action : {"REJECT a", "WARN ", "DUNNO"}) {
    const std::size_t at = text.find(action);
    EXPECT_NE(at, std::string::npos) << text;
    rows[std::count(text.begin(), text.begin() + static_cast<long>(at), '\n')] = action;
  }
  EXPECT_EQ(rows.rbegin()->first - rows.begin()->first, 2) << text;
  std::string found;
  for (const auto& [row, action] : rows) found += action.substr(0, 1);
  return found;
}

TEST(StatusReport, RulesByLineOrByHits) {
  EXPECT_EQ(order(RuleOrder::by_line), "RWD");
  EXPECT_EQ(order(RuleOrder::by_hits), "WDR");
}

TEST(StatusReport, WhatIsNoDocumentIsAnError) {
  EXPECT_EQ(status_text("{", RuleOrder::none).error().code, Code::corrupt);
  EXPECT_EQ(status_text("{\"error\": \"x\"}", RuleOrder::none).error().code, Code::corrupt);
}

}  // namespace
}  // namespace headgate::cli
