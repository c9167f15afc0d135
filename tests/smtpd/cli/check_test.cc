#include <gmock/gmock.h>

#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {
namespace {

using testing::HasSubstr;

TEST_F(CliTest, CheckOfTheEmbeddedConfigurationIsClean) {
  EXPECT_EQ(headgate({"check"}), kExitOk);
  EXPECT_EQ(err_, "");
  EXPECT_THAT(out_, HasSubstr("embedded configuration: 1 service(s), 1 table(s), no mistakes"));
}

// serve takes the embedded default there, with a warning; who asks for a check wants to hear of a mistyped path.
TEST_F(CliTest, CheckOfADirectoryThatIsNotThereIsAMistake) {
  EXPECT_EQ(headgate({"-c", path("nowhere"), "check"}), kExitNoInput);
  EXPECT_THAT(err_, HasSubstr("main.cf: there is no configuration to check"));
  EXPECT_EQ(out_, "");
}

TEST_F(CliTest, CheckOpensTheTablesOfBothSettings) {
  put("calm", "/^Subject:/ WARN\n");
  put("emergency", "/^X:/ REJECT\n");
  put("main.cf",
      "header_checks = ${stress?{pcre:" + path("emergency") + "}:{pcre:" + path("calm") + "}}\n");
  EXPECT_EQ(configured({"check"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("2 table(s), no mistakes"));
  std::filesystem::remove(directory_ / "emergency");
  EXPECT_EQ(configured({"check"}), kExitBadTable);
  EXPECT_THAT(err_, HasSubstr("headgate: error: header_checks: open " + path("emergency") +
                              ": No such file or directory"));
}

// The tables in force are those of the cleanup service; main.cf's is nobody's here, and smtpd's -o does nothing.
TEST_F(CliTest, CheckOpensTheTablesOfTheCleanupService) {
  put("checks", "/^Subject:/ WARN\n");
  put("main.cf", "header_checks = pcre:" + path("of-main") + "\n");
  put("master.cf", "2525 inet n - n - 20 smtpd -o body_checks=pcre:" + path("of-smtpd") +
                       "\ncleanup unix n - n - 0 cleanup -o header_checks=pcre:" + path("checks") +
                       "\n");
  EXPECT_EQ(configured({"check"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("2 service(s), 1 table(s), no mistakes"));
  EXPECT_THAT(err_, HasSubstr("headgate: warning: " + path("master.cf") +
                              ", line 1: service 2525: -o body_checks does nothing here"));
  std::filesystem::remove(directory_ / "checks");
  EXPECT_EQ(configured({"check"}), kExitBadTable);
  EXPECT_THAT(err_, HasSubstr("header_checks: open " + path("checks")));
}

TEST_F(CliTest, CheckRefusesACleanupServiceThatIsNotThere) {
  put("main.cf", "cleanup_service_name = scan\n");
  EXPECT_EQ(configured({"check"}), kExitBadConfiguration);
  EXPECT_THAT(err_, HasSubstr("headgate: fatal: " + path("master.cf") +
                              ", line 1: service 2525: cleanup_service_name = scan: "));
}

TEST_F(CliTest, CheckTellsTheLineOfABadRule) {
  put("checks", "/ok/ WARN\n/(/ REJECT\n");
  put("main.cf", "body_checks = pcre:" + path("checks") + "\n");
  EXPECT_EQ(configured({"check"}), kExitBadTable);
  EXPECT_THAT(err_, HasSubstr("headgate: warning: pcre map " + path("checks") + ", line 2: "));
}

// Content checks ask for the line as it is; other parameters' keys know no case.
TEST_F(CliTest, CheckReadsATableAsItsParameterDoes) {
  put("keys", "Subject:x REJECT lower\nSubject:X REJECT upper\n");

  const struct {
    const char* parameter;
    bool good;
  } rows[] = {{"header_checks", true}, {"smtp_body_checks", true}, {"mydestination", false}};

  for (const auto& row : rows) {
    put("main.cf", std::string(row.parameter) + " = texthash:" + path("keys") + "\n");
    EXPECT_EQ(configured({"check"}), row.good ? kExitOk : kExitBadTable) << row.parameter << err_;
  }
  EXPECT_THAT(err_, HasSubstr(path("keys") + ", line 2: duplicate entry: \"Subject:X\""));
  put("main.cf", "header_checks = texthash:" + path("keys") +
                     "\nmydestination = texthash:" + path("keys") + "\n");
  EXPECT_EQ(configured({"check"}), kExitBadTable);
}

TEST_F(CliTest, CheckOpensTheTablesOfMilterHeaderChecksAndSaysThatNobodyAsksThem) {
  put("checks", "/ok/ WARN\n/(/ REJECT\n");
  put("main.cf", "milter_header_checks = pcre:" + path("checks") + " pcre:" + path("none") + "\n");
  EXPECT_EQ(configured({"check"}), kExitBadTable);
  EXPECT_THAT(err_, HasSubstr("headgate: warning: pcre map " + path("checks") + ", line 2: "));
  EXPECT_THAT(err_, HasSubstr("headgate: error: milter_header_checks: open " + path("none") +
                              ": No such file or directory"));
  EXPECT_THAT(out_, HasSubstr("main.cf, line 1: milter_header_checks: differs from Postfix: "));
}

TEST_F(CliTest, CheckFindsTablesInRestrictions) {
  put("main.cf",
      "smtpd_client_restrictions = check_policy_service inet:127.0.0.1:9, check_client_access { "
      "pcre:/no/such, static:OK }\n"
      "mynetworks = 127.0.0.0/8 [::1]/128 nosuchtype:x\n");
  EXPECT_EQ(configured({"check"}), kExitBadTable);
  EXPECT_THAT(err_, HasSubstr("smtpd_client_restrictions: open /no/such"));
  EXPECT_THAT(err_, HasSubstr("mynetworks: "));
  EXPECT_THAT(err_, Not(HasSubstr("inet:")));
}

TEST_F(CliTest, CheckCollectsConfigurationErrors) {
  put("main.cf", "soft_bounce = true\nmax_idle = x\nlonely = 1\n");
  EXPECT_EQ(configured({"check"}), kExitBadConfiguration);
  EXPECT_THAT(err_, HasSubstr("headgate: fatal: " + path("main.cf") +
                              ", line 1: bad boolean configuration"));
  EXPECT_THAT(err_, HasSubstr("headgate: fatal: " + path("main.cf") +
                              ", line 2: parameter max_idle: bad time"));
}

TEST_F(CliTest, CheckRefusesAnOpenRelay) {
  put("main.cf", "smtpd_relay_restrictions = permit_mynetworks\n");
  EXPECT_EQ(configured({"check"}), kExitBadConfiguration);
  EXPECT_THAT(err_, HasSubstr("specify at least one working instance of"));
}

TEST_F(CliTest, CheckSaysWhatHasNoEffect) {
  put("main.cf", "milter_protocol = 6\nmax_idle = 10\n");
  put("master.cf", "2525 inet n - n - 20 smtpd\n25 inet n - n - 1 postscreen\n");
  EXPECT_EQ(configured({"check"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("main.cf, line 1: milter_protocol: known, not used here yet"));
  EXPECT_THAT(out_, HasSubstr("main.cf, line 2: max_idle: differs from Postfix: "));
  EXPECT_THAT(out_, HasSubstr("service 25/inet: postscreen is not served"));
}

}  // namespace
}  // namespace headgate::cli
