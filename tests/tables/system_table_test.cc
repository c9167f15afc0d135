#include "tables/system_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace headgate::tables {

namespace {

std::string ask(Result<std::unique_ptr<Lookup>> table, std::string_view key) {
  if (!table) return table.error().text();
  const auto found = (*table)->find(key);
  if (!found) return "error: " + found.error().text();
  return *found ? (*found)->value : "(none)";
}

TEST(UnixTable, IsTheLineOfTheFile) {
  const OpenOptions folding;
  OpenOptions exact;
  exact.fold = false;
  const auto users = [](const OpenOptions& options) {
    return open_unix_table("unix:passwd.byname", "passwd.byname", options);
  };
  EXPECT_EQ(ask(users(folding), "root").substr(0, 7), "root:x:");
  EXPECT_EQ(ask(users(folding), "ROOT").substr(0, 7), "root:x:");
  EXPECT_EQ(ask(users(exact), "ROOT"), "(none)");
  EXPECT_EQ(ask(users(folding), "nobody-of-this-name"), "(none)");
  EXPECT_EQ(ask(users(folding), ""), "(none)");
  EXPECT_TRUE((*users(folding))->may_wait());
  EXPECT_EQ(ask(open_unix_table("unix:group.byname", "group.byname", folding), "root").substr(0, 9),
            "root:x:0:");
  EXPECT_EQ(ask(open_unix_table("unix:x", "x", folding), "root"), "unknown table: unix:x");
}

TEST(EnvironTable, IsTheEnvironment) {
  ::setenv("headgate_test", "value", 1);
  ::setenv("HEADGATE_TEST", "loud", 1);
  OpenOptions options;
  EXPECT_EQ(ask(open_environ_table("environ:x", options), "HEADGATE_TEST"), "value");
  EXPECT_EQ(ask(open_environ_table("environ:x", options), "headgate_test=value"), "(none)");
  EXPECT_EQ(ask(open_environ_table("environ:x", options), ""), "(none)");
  ::setenv("headgate_\xc3\xa4", "folded", 1);
  EXPECT_EQ(ask(open_environ_table("environ:x", options), "HEADGATE_\xc3\x84"), "(none)");
  options.utf8 = true;
  EXPECT_EQ(ask(open_environ_table("environ:x", options), "HEADGATE_\xc3\x84"), "folded");
  options.fold = false;
  EXPECT_EQ(ask(open_environ_table("environ:x", options), "HEADGATE_TEST"), "loud");
}

}  // namespace

}  // namespace headgate::tables
