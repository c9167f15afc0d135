#include "engine/checks/record_filter.h"

#include <gtest/gtest.h>

#include "tests/engine/checks/message_run.h"

namespace headgate::checks {
namespace {

using namespace std::string_view_literals;

TEST(RecordFilter, ReplacesThenRejectsThenStrips) {
  struct Case {
    bool replace;
    std::string_view reject, strip, bytes, expected;  // expected "-": rejected
  };

  const Case cases[] = {
      {true, "", "", "a\rb\nc", "a b c"}, {false, "", "", "a\rb", "a\rb"},
      {true, "\r", "", "a\rb", "a b"},    {false, "\r", "", "a\rb", "-"},
      {true, "x", "", "axb", "-"},        {true, "", "x", "axbx", "ab"},
      {true, "x", "x", "axb", "-"},       {true, "", "\0"sv, "a\0b"sv, "ab"},
      {true, " ", "", "a\rb", "-"},       {true, "", "ab", "ab", ""},
      {true, "\xff", "", "a\xff", "-"},
  };
  for (const Case& c : cases) {
    RecordFilter filter(c.replace, c.reject, c.strip);
    const auto filtered = filter.apply(c.bytes, true);
    EXPECT_EQ(filtered.rejected ? "-" : filtered.bytes, c.expected) << c.bytes;
  }
}

TEST(RecordFilter, RejectsAndStripsWhileTheChecksAreInForceOnly) {
  RecordFilter filter(true, "x", "y");
  EXPECT_EQ(filter.apply("x\ry", false).bytes, "x y");
  MessageRun run;
  run.limits.reject_characters = "x";
  run.add(KeyClass::header, {{"A", "REDIRECT a@b.example"}});
  run.run("A: 1\n\nx\n");
  EXPECT_EQ(run.verdict.disposition, Disposition::accept);
}

TEST(UnescapeCharacters, KnowsTheEscapesOfC) {
  EXPECT_EQ(unescape_characters("a\\0\\101\\t\\\\\\q\\"), "a\0A\t\\q\\"sv);
  EXPECT_EQ(unescape_characters("\\a\\b\\f\\n\\r\\v\\0011\\8"),
            "\a\b\f\n\r\v\0011"
            "8"sv);
}

}  // namespace
}  // namespace headgate::checks
