#include "smtpd/config/cleanup_service.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "smtpd/config/load.h"
#include "smtpd/config/params.h"

namespace headgate::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using List = std::vector<std::string>;

class CleanupServiceTest : public testing::Test {
 protected:
  CleanupServiceTest() {
    std::string name = std::filesystem::temp_directory_path() / "cleanup_service_test.XXXXXX";
    directory_ = mkdtemp(name.data());
  }

  ~CleanupServiceTest() override { std::filesystem::remove_all(directory_); }

  Result<Config> load_texts(std::string_view main, std::string_view master) {
    std::ofstream(directory_ / "main.cf") << main;
    std::ofstream(directory_ / "master.cf") << master;
    return load({directory_, {}}, &errors_);
  }

  std::filesystem::path directory_;
  std::vector<Diagnostic> errors_;
};

// What the last smtpd service has for header_checks, calm and stressed: the answers are those of Postfix 3.7.11, which
// knows no stress in cleanup; there the stressed column is ours.
struct Row {
  const char* main;
  const char* master;
  List calm, stressed;
};

const Row kRows[] = {
    // whose -o counts
    {"",
     "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup -o header_checks=pcre:c\n",
     {"pcre:c"},
     {"pcre:c"}},
    {"",
     "25 inet n - n - 9 smtpd -o header_checks=pcre:s\ncleanup unix n - n - 0 cleanup\n",
     {},
     {}},
    {"", "25 inet n - n - 9 smtpd -o header_checks=pcre:s\n", {}, {}},
    {"header_checks = pcre:m\n",
     "25 inet n - n - 9 smtpd -o header_checks=\n",
     {"pcre:m"},
     {"pcre:m"}},
    {"header_checks = pcre:m\n",
     "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup -o header_checks=\n",
     {},
     {}},
    {"header_checks = pcre:m\n",
     "25 inet n - n - 9 smtpd -o header_checks=pcre:s\n"
     "cleanup unix n - n - 0 cleanup -o header_checks=pcre:c\n",
     {"pcre:c"},
     {"pcre:c"}},
    {"",
     "smtpd pass - - n - 1 smtpd\ncleanup unix n - n - 0 cleanup -o header_checks=pcre:c\n",
     {"pcre:c"},
     {"pcre:c"}},
    // which entry is asked
    {"",
     "25 inet n - n - 9 smtpd -o cleanup_service_name=cleanup0\ncleanup unix n - n - 0 cleanup\n"
     "cleanup0 unix n - n - 0 cleanup -o header_checks=pcre:0\n",
     {"pcre:0"},
     {"pcre:0"}},
    {"cleanup_service_name = cleanup0\n",
     "cleanup unix n - n - 0 cleanup -o header_checks=pcre:c\ncleanup0 unix n - n - 0 cleanup\n"
     "25 inet n - n - 9 smtpd\n",
     {},
     {}},
    {"cleanup_service_name = ${stress?{cleanup0}:{cleanup}}\n",
     "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup -o header_checks=pcre:c\n"
     "cleanup0 unix n - n - 0 cleanup -o header_checks=pcre:0\n",
     {"pcre:c"},
     {"pcre:0"}},
    {"",
     "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup -o header_checks=pcre:1\n"
     "cleanup unix n - n - 0 cleanup -o header_checks=pcre:2\n",
     {"pcre:2"},
     {"pcre:2"}},
    // how it is expanded: with what cleanup sees, and the smtpd service's stress
    {"header_checks = pcre:$which\nwhich = m\n",
     "25 inet n - n - 9 smtpd -o which=s\ncleanup unix n - n - 0 cleanup -o which=c\n",
     {"pcre:c"},
     {"pcre:c"}},
    {"",
     "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup -o "
     "header_checks=pcre:$service_name\n",
     {"pcre:cleanup"},
     {"pcre:cleanup"}},
    {"header_checks = ${stress?{pcre:few}:{pcre:all}}\n",
     "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup\n",
     {"pcre:all"},
     {"pcre:few"}},
    {"header_checks = pcre:m\n",
     "25 inet n - n - 9 smtpd\n"
     "cleanup unix n - n - 0 cleanup -o header_checks=${stress?{pcre:few}:{pcre:all}}\n",
     {"pcre:all"},
     {"pcre:few"}},
    {"header_checks = ${stress?{pcre:few}:{pcre:all}}\n",
     "25 inet n - n - 9 smtpd -o stress=yes\ncleanup unix n - n - 0 cleanup\n",
     {"pcre:few"},
     {"pcre:few"}},
    {"header_checks = ${stress?{pcre:few}:{pcre:all}}\nstress = yes\n",
     "25 inet n - n - 9 smtpd -o stress=\ncleanup unix n - n - 0 cleanup\n",
     {"pcre:all"},
     {"pcre:all"}},
    {"header_checks = ${stress?{pcre:few}:{pcre:all}}\nstress = yes\n",
     "25 inet n - n - 1 smtpd\ncleanup unix n - n - 0 cleanup\n",
     {"pcre:few"},
     {"pcre:few"}},
    {"header_checks = ${stress?{pcre:few}:{pcre:all}}\n",
     "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup -o stress=yes\n",
     {"pcre:few"},
     {"pcre:few"}},
};

TEST_F(CleanupServiceTest, WhatTheContentChecksFollow) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.main) + row.master);
    const auto config = load_texts(row.main, row.master);
    ASSERT_TRUE(config) << config.error().text();
    for (const Service& service : config->services) {
      if (service.command != "smtpd") continue;
      EXPECT_EQ(service.calm->header_checks, row.calm);
      EXPECT_EQ(service.stressed->header_checks, row.stressed);
      EXPECT_EQ(service.calm->mime_header_checks, row.calm);  // the default is $header_checks
    }
  }
}

// The stress of the session, for #@emergency marks, is smtpd's whatever cleanup's entry says.
TEST_F(CleanupServiceTest, StressItselfIsNotCleanups) {
  const auto config =
      load_texts("", "25 inet n - n - 9 smtpd\ncleanup unix n - n - 0 cleanup -o stress=yes\n");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->services[0].calm->stress);
  EXPECT_EQ(config->services[0].calm->smtpd_hard_error_limit, 20);
  EXPECT_TRUE(config->services[0].stressed->stress);
}

// What smtpd reads, alone or too, is not looked up in cleanup's entry.
TEST_F(CleanupServiceTest, WhatSmtpdReadsStaysWithSmtpd) {
  const auto config = load_texts(
      "",
      "25 inet n - n - 9 smtpd -o line_length_limit=3000 -o content_filter=x:y -o soft_bounce=yes\n"
      "  -o hopcount_limit=7\n"
      "cleanup unix n - n - 0 cleanup -o line_length_limit=4000 -o smtpd_recipient_limit=3\n"
      "  -o receive_override_options=no_header_body_checks -o content_filter=\n"
      "  -o hopcount_limit=9 -o always_add_missing_headers=yes\n");
  ASSERT_TRUE(config);
  const Settings& settings = *config->services[0].calm;
  EXPECT_EQ(settings.line_length_limit, 3000);
  EXPECT_EQ(settings.content_filter, "x:y");
  EXPECT_TRUE(settings.soft_bounce);
  EXPECT_EQ(settings.smtpd_recipient_limit, 1000);
  EXPECT_THAT(settings.receive_override_options, IsEmpty());
  EXPECT_EQ(settings.hopcount_limit, 9);
  EXPECT_TRUE(settings.always_add_missing_headers);
}

TEST_F(CleanupServiceTest, EachOfItsParametersIsOneOfOurs) {
  int count = 0;
  for (const Param& param : params()) count += is_cleanup_param(param.name) ? 1 : 0;
  EXPECT_EQ(count, 23);
  for (const char* name : {"header_checks", "hopcount_limit", "undisclosed_recipients_header"})
    EXPECT_TRUE(is_cleanup_param(name)) << name;
  for (const char* name : {"line_length_limit", "smtp_header_checks", "receive_override_options"})
    EXPECT_FALSE(is_cleanup_param(name)) << name;
}

TEST_F(CleanupServiceTest, AnOverrideThatDoesNothingIsWarnedOfOnce) {
  const auto config = load_texts(
      "",
      "25 inet n - n - 9 smtpd -o strict_8bitmime=yes -o body_checks= -o smtpd_banner=x\n"
      "26 inet n - n - 9 smtpd -o smtpd_banner=x\n"
      "cleanup unix n - n - 0 cleanup -o body_checks=pcre:c\n");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->diagnostics.size(), 1u);
  const Diagnostic& warning = config->diagnostics[0];
  EXPECT_EQ(warning.severity, Severity::warning);
  EXPECT_EQ(warning.line, 1);
  EXPECT_THAT(warning.text,
              HasSubstr("master.cf, line 1: service 25: -o body_checks, strict_8bitmime does "
                        "nothing here: cleanup reads that, not smtpd; "));
  EXPECT_THAT(warning.text, HasSubstr("-o cleanup_service_name=NAME"));
}

// Where there is no socket public/NAME, Postfix's smtpd warns every ten seconds that it cannot connect to it, and the client
// waits for the answer to its first RCPT TO.
TEST_F(CleanupServiceTest, AServiceThatIsNotThereIsFatal) {
  constexpr const char* kEntry = "25 inet n - n - 9 smtpd -o cleanup_service_name=";
  const std::pair<const char*, const char*> cases[] = {
      {"cleanup0", ""},
      {"cleanup0", "cleanup unix n - n - 0 cleanup\n"},
      {"cleanup", "cleanup0 unix n - n - 0 cleanup\n"},
      {"cleanup0", "cleanup0 unix - - n - 0 cleanup\n"},
      {"cleanup0", "cleanup0 unix n - n - 0 qmgr\n"},
      {"cleanup0", "cleanup0 inet n - n - 0 cleanup\n"},
      {"", "cleanup unix n - n - 0 cleanup\n"},
  };
  for (const auto& [name, others] : cases) {
    const auto config = load_texts("", std::string(kEntry) + name + "\n" + others);
    ASSERT_FALSE(config) << name << " " << others;
    ASSERT_EQ(errors_.size(), 1u) << name << " " << others;
    EXPECT_THAT(errors_[0].text,
                HasSubstr("master.cf, line 1: service 25: cleanup_service_name = " +
                          std::string(name) + ": master.cf has no such"));
  }
}

TEST_F(CleanupServiceTest, ANameThatDoesNotExpandIsFatal) {
  EXPECT_FALSE(load_texts("cleanup_service_name = ${x\n", "25 inet n - n - 9 smtpd\n"));
  ASSERT_EQ(errors_.size(), 1u);
  EXPECT_THAT(errors_[0].text, HasSubstr("main.cf, line 1: truncated macro reference"));
}

TEST_F(CleanupServiceTest, ABadValueOfItIsToldWithItsPlace) {
  EXPECT_FALSE(load_texts("",
                          "25 inet n - n - 9 smtpd\n"
                          "cleanup unix n - n - 0 cleanup -o hopcount_limit=x\n"));
  ASSERT_EQ(errors_.size(), 1u);
  EXPECT_THAT(errors_[0].text, HasSubstr("master.cf, line 2: bad numerical configuration"));
}

}  // namespace
}  // namespace headgate::config
