#include "smtpd/config/master_cf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::config {
namespace {

using testing::ElementsAre;

Result<std::vector<MasterEntry>> parse(std::string_view text) {
  return parse_master_cf(text, "master.cf", [](const Diagnostic&) {});
}

TEST(MasterCf, FieldsCommandAndArguments) {
  const auto entries = parse(
      "# service\n"
      "smtp      inet  n  -  y  -  30  smtpd\n"
      "  -o smtpd_banner=hello -v\n"
      "  -o { smtpd_helo_restrictions = a b  c }\n"
      "  -ocontent_filter=\n"
      "foo unix - n n 60? - pipe flags=F { a b } argv={ /bin/x y } $sender\n");
  ASSERT_TRUE(entries) << entries.error().text();
  ASSERT_EQ(entries->size(), 2u);
  const MasterEntry& smtp = (*entries)[0];
  EXPECT_THAT(smtp.fields, ElementsAre("smtp", "inet", "n", "-", "y", "-", "30"));
  EXPECT_EQ(smtp.command, "smtpd");
  EXPECT_EQ(smtp.line, 2);
  EXPECT_EQ(smtp.process_limit(), 30);
  EXPECT_THAT(smtp.arguments,
              ElementsAre("-o", "smtpd_banner=hello", "-v", "-o", "smtpd_helo_restrictions=a b  c",
                          "-o", "content_filter="));
  EXPECT_EQ(smtp.layer().at("smtpd_helo_restrictions").value, "a b  c");
  EXPECT_EQ(smtp.layer().at("content_filter").value, "");
  const MasterEntry& foo = (*entries)[1];
  EXPECT_FALSE(foo.process_limit());
  EXPECT_THAT(foo.arguments, ElementsAre("flags=F", "a b", "argv={ /bin/x y }", "$sender"));
}

TEST(MasterCf, TheLaterOverrideWins) {
  const auto entries = parse("smtp inet n - n - - smtpd -o stress=yes -o stress=\n");
  ASSERT_TRUE(entries);
  EXPECT_EQ((*entries)[0].layer().at("stress").value, "");
}

struct ErrorCase {
  const char* text;
  const char* expected;
};

TEST(MasterCf, Errors) {
  const ErrorCase cases[] = {
      {"\nsmtp\n", "master.cf: line 2: missing \"type\" field"},
      {"smtp inet n - n - -\n", "master.cf: line 1: missing \"command\" field"},
      {"smtp foo n - n - - smtpd\n", "master.cf: line 1: bad transport type: foo"},
      {"smtp inet - - n - - smtpd\n", "master.cf: line 1: inet service cannot be private"},
      {"smtp inet y - n - - smtpd\n", "master.cf: line 1: inet service cannot be private"},
      {"smtp inet n z n - - smtpd\n",
       "master.cf: line 1: field \"unprivileged\": bad value: \"z\""},
      {"smtp inet n - Y - - smtpd\n", "master.cf: line 1: field \"chroot\": bad value: \"Y\""},
      {"smtp inet n - n 5x - smtpd\n", "master.cf: line 1: field \"wakeup\": bad value: \"5x\""},
      {"smtp inet n - n ? - smtpd\n", "master.cf: line 1: field \"wakeup\": bad value: \"?\""},
      {"smtp inet n - n - -1 smtpd\n",
       "master.cf: line 1: field \"process_limit\": bad value: \"-1\""},
      {"smtp inet n - n - 99999999999 smtpd\n",
       "master.cf: line 1: field \"process_limit\": bad value: \"99999999999\""},
      {"smtp inet n - n - - smtpd -o\n", "master.cf: line 1: -o requires an argument: name=value"},
      {"smtp inet n - n - - smtpd -o foo\n",
       "master.cf: line 1: missing '=' after attribute name: \"foo\""},
      {"smtp inet n - n - - smtpd -o { foo\n", "master.cf: line 1: missing '}' in \"{ foo\""},
      {"smtp inet n - n - - smtpd { a }b\n",
       "master.cf: line 1: syntax error after '}' in \"{ a }b\""},
  };
  for (const ErrorCase& c : cases) {
    const auto entries = parse(c.text);
    ASSERT_FALSE(entries) << c.text;
    EXPECT_EQ(entries.error().text(), c.expected);
  }
}

}  // namespace
}  // namespace headgate::config
