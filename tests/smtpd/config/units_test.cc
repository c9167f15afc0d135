#include "smtpd/config/units.h"

#include <gtest/gtest.h>

namespace headgate::config {
namespace {

TEST(ParseBool, YesAndNoOnly) {
  EXPECT_TRUE(*parse_bool("p", "yes"));
  EXPECT_TRUE(*parse_bool("p", "YES"));
  EXPECT_FALSE(*parse_bool("p", "No"));
  for (const char* bad : {"", "true", "1", "yes ", "on", "y"}) {
    const auto result = parse_bool("p", bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().what, std::string("bad boolean configuration: p = ") + bad);
  }
}

TEST(ParseInteger, WholeDecimalNumbers) {
  EXPECT_EQ(*parse_integer("p", "0", 0), 0);
  EXPECT_EQ(*parse_integer("p", "+12", 0), 12);
  EXPECT_EQ(*parse_integer("p", "-1", -5), -1);
  for (const char* bad : {"", "x", "10K", "1.5", " 1", "+", "+-1", "99999999999999999999"}) {
    const auto result = parse_integer("p", bad, 0);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().what, std::string("bad numerical configuration: p = ") + bad);
  }
  EXPECT_EQ(parse_integer("p", "-1", 0).error().what, "invalid p parameter value -1 < 0");
}

struct TimeCase {
  const char* value;
  char unit;
  std::int64_t expected;  // -1: an error
};

TEST(ParseTime, UnitsAndTheirAbsence) {
  const TimeCase cases[] = {
      {"5", 's', 5},
      {"5", 'd', 432000},
      {"5s", 'd', 5},
      {"2m", 's', 120},
      {"1h", 's', 3600},
      {"1d", 's', 86400},
      {"1w", 's', 604800},
      {"1W", 's', 604800},
      {"5sx", 's', 5},
      {"0", 's', 0},
      {"", 's', -1},
      {"x", 's', -1},
      {"1.5", 's', -1},
      {"-1", 's', -1},
      {"10 s", 's', -1},
      {"10x", 's', -1},
      {"99999999999", 's', -1},
      {"100000w", 's', -1},
  };
  for (const TimeCase& c : cases) {
    const auto result = parse_time("p", c.value, c.unit, std::chrono::seconds(0));
    if (c.expected < 0) {
      ASSERT_FALSE(result) << c.value;
      EXPECT_EQ(result.error().what,
                std::string("parameter p: bad time value or unit: ") + c.value);
    } else {
      ASSERT_TRUE(result) << c.value;
      EXPECT_EQ(result->count(), c.expected) << c.value;
    }
  }
  EXPECT_EQ(parse_time("p", "0", 's', std::chrono::seconds(1)).error().what,
            "invalid p: 0 (min 1)");
}

TEST(UnitOf, TheLastLetterOfTheDefault) {
  EXPECT_EQ(unit_of("300s"), 's');
  EXPECT_EQ(unit_of("5d"), 'd');
  EXPECT_EQ(unit_of("4H"), 'h');
  EXPECT_EQ(unit_of("300"), 's');
  EXPECT_EQ(unit_of(""), 's');
}

}  // namespace
}  // namespace headgate::config
