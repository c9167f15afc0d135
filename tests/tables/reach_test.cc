#include "tables/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace headgate::tables {

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(Reach, OfTablesInTables) {
  const Reach reach = reach_of(
      "proxy:unionmap:{texthash:/a/b, pipemap:{ proxy:pcre:/c, tcp:localhost:1234 }, "
      "socketmap:inet:[::1]:99:n, socketmap:unix:/x:n, pcre:{{/d/ e}}, tcp:h.example:smtp}");
  EXPECT_THAT(reach.files, ElementsAre("/a/b", "/c"));
  EXPECT_THAT(reach.ports, ElementsAre(1234, 99, 25));
  EXPECT_THAT(reach.tables, Contains("pcre:/c"));
  EXPECT_THAT(reach.tables, Contains("pcre:{{/d/ e}}"));
  EXPECT_EQ(reach.tables.size(), 9U);
}

TEST(Reach, OfAMemcacheFile) {
  const std::string path = testing::TempDir() + "reach_memcache.cf";
  std::ofstream(path) << "memcache = inet:127.0.0.1:11212\nbackup = memcache:" << path
                      << "\ndomain = a.example, !texthash:/domains /list memcache:" << path << "\n";
  const Reach reach = reach_of("memcache:" + path);  // leads back to itself, and ends all the same
  EXPECT_THAT(reach.files, Contains(path));
  EXPECT_THAT(reach.files, Contains("/domains"));
  EXPECT_THAT(reach.files, Contains("/list"));
  EXPECT_THAT(reach.ports, Contains(11212));
}

TEST(Reach, OfAFileOfDomains) {
  const std::string path = testing::TempDir() + "reach_domains.cf";
  const std::string list = testing::TempDir() + "reach_domains";
  std::ofstream(path) << "domain = !" << list << "\n";
  std::ofstream(list) << "# tcp:localhost:1\na.example " << list << "\ntcp:localhost:1234\n";
  const Reach reach = reach_of("memcache:" + path);
  EXPECT_THAT(reach.files, Contains(list));
  EXPECT_THAT(reach.ports, Contains(1234));
  EXPECT_THAT(reach.ports, Not(Contains(1)));
}

TEST(Reach, OfNonsense) {
  for (const char* spec : {"", "tcp:", "tcp:x y", "unionmap:{", "memcache:/no/such", "socketmap:x",
                           "tcp:localhost:99999", "proxy:"}) {
    EXPECT_THAT(reach_of(spec).ports, IsEmpty()) << spec;
  }
}

}  // namespace

}  // namespace headgate::tables
