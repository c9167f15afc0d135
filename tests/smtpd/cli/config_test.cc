#include <gmock/gmock.h>

#include "smtpd/cli/fold.h"
#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {
namespace {

using testing::HasSubstr;

// What postconf prints is compared in tests/smtpd/config/postconf_test.py; here is what only headgate has.

TEST_F(CliTest, ConfigShowsTheEmbeddedConfiguration) {
  EXPECT_EQ(headgate({"config", "-n"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("virtual_mailbox_maps = static:Maildir/\n"));
  EXPECT_THAT(out_, Not(HasSubstr("config_directory")));
  EXPECT_EQ(err_, "");
  EXPECT_EQ(headgate({"config", "-M"}), kExitOk);
  EXPECT_THAT(out_, testing::StartsWith("127.0.0.1:2525 inet"));
}

TEST_F(CliTest, ConfigTellsOrigins) {
  put("main.cf", "# c\nrelayhost = a\n");
  EXPECT_EQ(configured({"config", "--origin", "-o", "mail_name=x", "relayhost", "mail_name",
                        "hopcount_limit"}),
            kExitOk);
  EXPECT_EQ(out_, "relayhost = a  # " + path("main.cf") +
                      ", line 2\nmail_name = x  # command line\nhopcount_limit = 50  # default\n");
}

TEST_F(CliTest, ConfigShowsWhatStressChanges) {
  put("main.cf",
      "header_checks = ${stress?pcre:x}\nsmtpd_timeout = 5\nmime_header_checks "
      "=\nnested_header_checks =\n");
  EXPECT_EQ(configured({"config", "--stress"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("header_checks = (empty) -> pcre:x\n"));
  EXPECT_THAT(out_, HasSubstr("smtpd_hard_error_limit = 20 -> 1\n"));
  EXPECT_THAT(out_, Not(HasSubstr("smtpd_timeout")));
  EXPECT_EQ(configured({"config", "--stress", "-n"}), kExitOk);
  EXPECT_EQ(out_, "header_checks = (empty) -> pcre:x\n");
}

TEST_F(CliTest, ConfigAsJson) {
  put("main.cf", "relayhost = \"a\\\n");
  EXPECT_EQ(configured({"config", "--json", "relayhost"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("\"value\": \"\\\"a\\\\\""));
  EXPECT_THAT(out_, HasSubstr("main.cf, line 1"));
}

TEST_F(CliTest, ConfigReportsWhatItCannotRead) {
  put("main.cf", "foo\n");
  EXPECT_EQ(configured({"config"}), kExitBadConfiguration);
  EXPECT_EQ(err_, "headgate: fatal: " + path("main.cf") +
                      ", line 1: missing '=' after attribute name: \"foo\"\n");
  std::filesystem::remove(directory_ / "main.cf");
  EXPECT_EQ(configured({"config"}), kExitNoInput);
}

TEST(LayOut, JoinsWordsAndFolds) {
  EXPECT_EQ(lay_out("  a \t b\n c ", false), "a b c");
  EXPECT_EQ(lay_out("", true), "");
  const std::string word(39, 'x');
  EXPECT_EQ(lay_out(word + " " + word, true), word + " " + word);
  EXPECT_EQ(lay_out(word + "xx " + word, true), word + "xx\n    " + word);
  EXPECT_EQ(lay_out(std::string(100, 'y'), true), std::string(100, 'y'));
}

TEST(Protect, BracesRoundBlanks) {
  EXPECT_EQ(protect("a=b"), "a=b");
  EXPECT_EQ(protect("a b"), "{a b}");
  EXPECT_EQ(protect(""), "{}");
}

}  // namespace
}  // namespace headgate::cli
