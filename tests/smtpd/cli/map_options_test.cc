// What is said is what postmap(1) says; beside it: tests/tables/map_types_test.py.
#include "smtpd/cli/map_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(MapOptions, FlagsCombineUpToTheFirstOtherWord) {
  const MapOptions options = parse_map_options({"-wfN", "-rhbq", "-", "-m", "cdb:t", "-u"});
  EXPECT_EQ(options.complaint, "");
  EXPECT_EQ(options.mode, MapMode::query);
  EXPECT_EQ(options.key, "-");
  EXPECT_TRUE(options.header && options.body && options.mime);
  EXPECT_FALSE(options.fold);
  EXPECT_FALSE(options.disable_utf8);
  EXPECT_EQ(options.terminator, MapTerminator::nul);
  EXPECT_EQ(options.duplicates, MapDuplicates::replace);
  EXPECT_THAT(options.tables, ElementsAre("cdb:t", "-u"));
}

TEST(MapOptions, TheLastOfTwoCounts) {
  EXPECT_EQ(parse_map_options({"-rw", "t"}).duplicates, MapDuplicates::ignore);
  EXPECT_EQ(parse_map_options({"-wr", "t"}).duplicates, MapDuplicates::replace);
  EXPECT_EQ(parse_map_options({"-Nn", "t"}).terminator, MapTerminator::none);
  EXPECT_EQ(parse_map_options({"-nN", "t"}).terminator, MapTerminator::nul);
}

TEST(MapOptions, Values) {
  EXPECT_EQ(parse_map_options({"-qkey", "t"}).key, "key");
  EXPECT_EQ(parse_map_options({"-d", "-q", "t"}).key, "-q");
  EXPECT_EQ(parse_map_options({"-d", "-q", "t"}).mode, MapMode::remove);
  EXPECT_EQ(parse_map_options({"-wcDIR", "t"}).config_directory, "DIR");
  EXPECT_EQ(parse_map_options({"-wc", "DIR", "t"}).config_directory, "DIR");
  EXPECT_THAT(parse_map_options({"--", "-q"}).tables, ElementsAre("-q"));
  const MapOptions build = parse_map_options({"-iop", "t"});
  EXPECT_TRUE(build.incremental);
  EXPECT_FALSE(build.as_owner);
  EXPECT_FALSE(build.source_permissions);
}

TEST(MapOptions, Complaints) {
  struct Row {
    std::vector<std::string> words;
    std::string_view complaint;
  };

  const Row rows[] = {
      {{"-q", "x", "-s", "t"}, "specify only one of -s or -q or -d"},
      {{"-d", "x", "-s", "t"}, "specify only one of -s or -q or -d"},
      {{"-s", "-q", "x", "t"}, "specify only one of -s -q or -d"},
      {{"-q", "x", "-d", "y", "t"}, "specify only one of -s -q or -d"},
      {{"-q", "x", "-q", "y", "t"}, "specify only one of -s -q or -d"},
      {{"-h", "t"}, "specify -b -h or -m only with \"-q -\""},
      {{"-m", "-q", "x", "t"}, "specify -b -h or -m only with \"-q -\""},
      {{"-x"}, "unknown option -x\nusage: headgate map "},
      {{"-q"}, "option requires an argument -q\nusage: headgate map "},
      {{"-wd"}, "option requires an argument -d\nusage: headgate map "},
      {{"-q", "x"}, "usage: headgate map "},
      {{}, "usage: headgate map "},
  };
  for (const Row& row : rows)
    EXPECT_THAT(parse_map_options(row.words).complaint, StartsWith(row.complaint));
  EXPECT_EQ(parse_map_options({"-s", "-s", "t"}).complaint, "");
}

class MapCommand : public CliTest {};

// headgate's own -o, -c and -v live in the same line.
TEST_F(MapCommand, GlobalOptionsAmongPostmaps) {
  put("main.cf", "");
  put("t", "plain v\n");
  put("-v", "plain of-v\n");
  const std::string table = "texthash:" + path("t");

  struct Row {
    std::vector<std::string> words;
    int code;
    std::string_view out;
  };

  const Row rows[] = {
      {{"map", "-o", "smtputf8_enable=no", "-q", "plain", table}, 0, "v\n"},
      {{"map", "-osmtputf8_enable=no", "-q", "plain", table}, 0, "v\n"},
      {{"map", "-o", "-q", "plain", table}, 0, "v\n"},
      {{"map", "-op", "-q", "plain", table}, 0, "v\n"},
      {{"map", "-v", "-vq", "plain", table}, 0, "v\n"},
      {{"map", "-q", "-v", table}, 1, ""},
      {{"map", "-fq", "-v", table}, 1, ""},
      {{"map", "-d", "-v", table}, 1, ""},
      {{"map", "-o", "default_database_type=texthash", "-q", "plain", path("t")}, 0, "v\n"},
      {{"map", "-wc", directory_.string(), "-q", "plain", table}, 0, "v\n"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(configured(row.words), row.code) << testing::PrintToString(row.words) << err_;
    EXPECT_EQ(out_, row.out) << testing::PrintToString(row.words);
  }
  EXPECT_EQ(configured({"map", "-o", table}), 1);
  EXPECT_THAT(err_, HasSubstr("texthash does not support bulk-mode creation"));
}

TEST_F(MapCommand, ListingAsJson) {
  put("main.cf", "");
  put("t", "a\"b\"  x\ty\n");
  EXPECT_EQ(configured({"map", "--json", "-s", "texthash:" + path("t")}), 0);
  EXPECT_EQ(out_, "{\"key\":\"a\\\"b\\\"\",\"value\":\"x\\ty\"}\n");
  EXPECT_EQ(configured({"map", "-js", "texthash:" + path("t")}), 0);
  EXPECT_EQ(out_, "{\"key\":\"a\\\"b\\\"\",\"value\":\"x\\ty\"}\n");
}

}  // namespace

}  // namespace headgate::cli
