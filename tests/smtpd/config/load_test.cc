#include "smtpd/config/load.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "smtpd/config/source.h"

namespace headgate::config {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSmtpd = "2525 inet n - n - 20 smtpd\n";

class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    std::string name = std::filesystem::temp_directory_path() / "load_test.XXXXXX";
    directory_ = mkdtemp(name.data());
  }

  ~LoadTest() override { std::filesystem::remove_all(directory_); }

  void put(const char* file, std::string_view text) const {
    std::ofstream(directory_ / file) << text;
  }

  Result<Config> load_texts(std::string_view main, std::string_view master = kSmtpd) {
    put("main.cf", main);
    put("master.cf", master);
    return load({directory_, {}}, &errors_);
  }

  std::vector<std::string> warnings(const Config& config) const {
    std::vector<std::string> texts;
    for (const Diagnostic& d : config.diagnostics) {
      texts.push_back(d.text);
      const auto at = texts.back().find(directory_.string() + "/");
      if (at != std::string::npos) texts.back().erase(at, directory_.string().size() + 1);
    }
    return texts;
  }

  std::filesystem::path directory_;
  std::vector<Diagnostic> errors_;
};

TEST_F(LoadTest, NoDirectoryMeansTheEmbeddedConfiguration) {
  const auto config = load({});
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_TRUE(config->embedded);
  EXPECT_THAT(config->diagnostics, IsEmpty());
  ASSERT_EQ(config->services.size(), 1u);
  const Service& service = config->services[0];
  EXPECT_EQ(service.canonical, "[127.0.0.1]:2525");
  EXPECT_EQ(service.maxproc, 20);
  EXPECT_TRUE(service.loopback_only);
  EXPECT_TRUE(service.stress_eligible);
  EXPECT_EQ(service.calm->queue_directory, "./headgate-spool");
  EXPECT_THAT(service.calm->virtual_mailbox_maps, ElementsAre("static:Maildir/"));
  EXPECT_THAT(service.calm->mynetworks, ElementsAre("127.0.0.0/8"));
  for (const std::string& transport :
       {service.calm->default_transport, service.calm->local_transport,
        service.calm->relay_transport, service.calm->virtual_transport}) {
    EXPECT_EQ(transport, "virtual");
  }
  EXPECT_EQ(service.calm->relayhost, "");
  EXPECT_FALSE(service.calm->myhostname.empty());
}

TEST_F(LoadTest, AMissingOrEmptyDirectoryIsEmbeddedWithAWarning) {
  for (const std::string& directory : {directory_.string(), directory_.string() + "/none"}) {
    const auto config = load({directory, {}});
    ASSERT_TRUE(config);
    EXPECT_TRUE(config->embedded);
    ASSERT_EQ(config->diagnostics.size(), 1u);
    EXPECT_THAT(config->diagnostics[0].text, HasSubstr("using the embedded configuration"));
  }
}

TEST_F(LoadTest, MainCfAloneGetsTheEmbeddedService) {
  put("main.cf", "soft_bounce = yes\n");
  const auto config = load({directory_, {}});
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->embedded);
  EXPECT_TRUE(config->main->soft_bounce);
  EXPECT_EQ(config->services.at(0).name, "127.0.0.1:2525");
}

TEST_F(LoadTest, MasterCfAloneIsAnError) {
  put("master.cf", kSmtpd);
  const auto config = load({directory_, {}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::not_found);
}

TEST_F(LoadTest, StressGivesTwoSettings) {
  const auto config = load_texts(
      "header_checks = ${stress?{pcre:emergency}:{pcre:full}}\n"
      "x_used = 1\nbody_checks = ${stress?regexp:/$x_used}\n");
  ASSERT_TRUE(config) << config.error().text();
  const Service& service = config->services.at(0);
  EXPECT_TRUE(service.stress_eligible);
  EXPECT_FALSE(service.calm->stress);
  EXPECT_TRUE(service.stressed->stress);
  EXPECT_THAT(service.calm->header_checks, ElementsAre("pcre:full"));
  EXPECT_THAT(service.stressed->header_checks, ElementsAre("pcre:emergency"));
  EXPECT_THAT(service.calm->mime_header_checks, ElementsAre("pcre:full"));
  EXPECT_THAT(service.calm->body_checks, IsEmpty());
  EXPECT_THAT(service.stressed->body_checks, ElementsAre("regexp:/1"));
  EXPECT_EQ(service.calm->smtpd_timeout, seconds(300));
  EXPECT_EQ(service.stressed->smtpd_timeout, seconds(10));
  EXPECT_EQ(service.calm->smtpd_hard_error_limit, 20);
  EXPECT_EQ(service.stressed->smtpd_hard_error_limit, 1);
  EXPECT_EQ(service.stressed->smtpd_junk_command_limit, 1);
  EXPECT_FALSE(service.calm->smtpd_per_request_deadline);
  EXPECT_TRUE(service.stressed->smtpd_per_request_deadline);
  EXPECT_THAT(warnings(*config), IsEmpty());
}

TEST_F(LoadTest, TheLegacyDeadlineNameSuppliesTheValue) {
  const auto config = load_texts("smtpd_per_record_deadline = no\n");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->services.at(0).stressed->smtpd_per_request_deadline);
  EXPECT_THAT(warnings(*config), IsEmpty());
}

struct EligibleCase {
  const char* entry;
  const char* main;
  bool eligible;
};

TEST_F(LoadTest, WhoGetsStress) {
  const EligibleCase cases[] = {
      {"192.0.2.1:25 inet n - n - 2 smtpd", "", true},
      {"192.0.2.1:25 inet n - n - 1 smtpd", "", false},
      {"192.0.2.1:25 inet n - n - 0 smtpd", "", false},
      {"192.0.2.1:25 inet n - n - - smtpd", "", true},
      {"192.0.2.1:25 inet n - n - - smtpd", "default_process_limit = 1\n", false},
      {"127.0.0.1:25 inet n - n - 2 smtpd", "", true},
      {"127.0.0.1:25 inet n - n - 2 smtpd", "stress_on_loopback = no\n", false},
      {"[::1]:25 inet n - n - 2 smtpd", "stress_on_loopback = no\n", false},
      {"25 inet n - n - 2 smtpd", "stress_on_loopback = no\ninet_interfaces = loopback-only\n",
       false},
      {"25 inet n - n - 2 smtpd", "stress_on_loopback = no\ninet_interfaces = 127.0.0.1, ::1\n",
       false},
      {"25 inet n - n - 2 smtpd",
       "stress_on_loopback = no\ninet_interfaces = 127.0.0.1, 192.0.2.1\n", true},
      {"25 inet n - n - 2 smtpd", "stress_on_loopback = no\n", true},
      {"smtpd pass - - n - 2 smtpd", "stress_on_loopback = no\n", true},
      {"smtpd pass - - n - 1 smtpd", "", false},
      {"smtpd unix - - n - 2 smtpd", "", false},
  };
  for (const EligibleCase& c : cases) {
    const auto config = load_texts(c.main, c.entry);
    ASSERT_TRUE(config) << config.error().text();
    const Service& service = config->services.at(0);
    EXPECT_EQ(service.stress_eligible, c.eligible) << c.entry << " " << c.main;
    EXPECT_EQ(service.calm != service.stressed, c.eligible) << c.entry << " " << c.main;
  }
}

TEST_F(LoadTest, StressCanBeForced) {
  const auto on = load_texts("", "25 inet n - n - 20 smtpd -o stress=yes\n");
  ASSERT_TRUE(on);
  EXPECT_EQ(on->services[0].calm, on->services[0].stressed);
  EXPECT_TRUE(on->services[0].calm->stress);
  EXPECT_EQ(on->services[0].calm->smtpd_timeout, seconds(10));
  const auto off = load_texts("", "25 inet n - n - 20 smtpd -o stress=\n");
  ASSERT_TRUE(off);
  EXPECT_EQ(off->services[0].calm, off->services[0].stressed);
  EXPECT_FALSE(off->services[0].calm->stress);
}

TEST_F(LoadTest, MainCfStressActsOnlyWhereTheServerDoesNotDecide) {
  const auto config =
      load_texts("stress = yes\n", "25 inet n - n - 20 smtpd\n26 inet n - n - 1 smtpd\n");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->services[0].calm->stress);
  EXPECT_TRUE(config->services[1].calm->stress);
  EXPECT_EQ(config->services[1].calm->smtpd_timeout, seconds(10));
  EXPECT_THAT(warnings(*config),
              ElementsAre("main.cf \"stress\" is overridden by master for services 25"));
}

TEST_F(LoadTest, OverridesRank) {
  put("main.cf", "smtpd_banner = main\nmail_name = main\n");
  put("master.cf",
      "25 inet n - n - 20 smtpd -o smtpd_banner=service -o syslog_name=postfix/$service_name\n26 "
      "inet n - n - 20 smtpd\n");
  const auto config =
      load({directory_, {{"smtpd_banner", "command line"}, {"mail_name", "command line"}}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->services[0].calm->smtpd_banner, "service");
  EXPECT_EQ(config->services[0].calm->mail_name, "command line");
  EXPECT_EQ(config->services[0].calm->syslog_name, "postfix/25");
  EXPECT_EQ(config->services[1].calm->smtpd_banner, "command line");
}

TEST_F(LoadTest, DuplicateServicesTheLastWins) {
  const auto config = load_texts(
      "", "smtp inet n - n - 20 smtpd\n25 inet n - n - 30 smtpd\nsmtp unix - - n - - smtp\n");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->services.size(), 2u);
  EXPECT_EQ(config->services[0].maxproc, 30);
  EXPECT_THAT(
      warnings(*config),
      ElementsAre("duplicate master.cf entry for service \"25\" (25) -- using the last entry"));
}

TEST_F(LoadTest, NamesUnusedAndUndefined) {
  const auto config = load_texts(
      "relayhost = $nowhere\nused = $here\nhere = 1\nsmtpd_banner = $used\nlonely = x\n"
      "smtpd_restriction_classes = cls\ncls = permit\n"
      "transport_maps = static:x\nfoo_destination_recipient_limit = "
      "2\nbar_destination_recipient_limit = 2\n",
      "25 inet n - n - 20 smtpd -o stray=1 -o mine=2 -o mail_name=$mine\nfoo unix - n n - - pipe "
      "x\n");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_THAT(
      warnings(*config),
      ElementsAre("main.cf: undefined parameter: nowhere",
                  "main.cf: unused parameter: bar_destination_recipient_limit=2",
                  "main.cf: unused parameter: lonely=x", "master.cf: unused parameter: stray=1"));
}

struct BadCase {
  const char* main;
  const char* expected;  // after the directory
};

TEST_F(LoadTest, BadValuesAreFatalWithTheirPlace) {
  const BadCase cases[] = {
      {"\nsoft_bounce = true\n", "main.cf, line 2: bad boolean configuration: soft_bounce = true"},
      {"hopcount_limit = x\n", "main.cf, line 1: bad numerical configuration: hopcount_limit = x"},
      {"hopcount_limit = 0\n", "main.cf, line 1: invalid hopcount_limit parameter value 0 < 1"},
      {"smtp_data_xfer_timeout = 0\n",
       "main.cf, line 1: invalid smtp_data_xfer_timeout: 0 (min 1)"},
      {"max_idle = 10x\n", "main.cf, line 1: parameter max_idle: bad time value or unit: 10x"},
      {"smtpd_forbid_bare_newline = maybe\n",
       "main.cf, line 1: bad parameter value: 'smtpd_forbid_bare_newline = maybe'"},
      {"relayhost = ${x\n", "main.cf, line 1: truncated macro reference: \"${x\""},
      {"relayhost = $relayhost\n",
       "main.cf, line 1: unreasonable macro call nesting: \"relayhost\""},
      {"smtpd_timeout = ${stress?{x}:{1}}\n",
       "main.cf, line 1: parameter smtpd_timeout: bad time value or unit: x"},
  };
  for (const BadCase& c : cases) {
    const auto config = load_texts(c.main);
    ASSERT_FALSE(config) << c.main;
    EXPECT_EQ(config.error().code, Code::invalid);
    EXPECT_THAT(config.error().text(), testing::EndsWith(std::string("/") + c.expected));
  }
}

TEST_F(LoadTest, AllErrorsAreCollectedOnce) {
  const auto config = load_texts("soft_bounce = true\nmax_idle = x\n",
                                 "25 inet n - n - - smtpd\n26 inet n - n - - smtpd\n");
  ASSERT_FALSE(config);
  ASSERT_EQ(errors_.size(), 2u);
}

TEST_F(LoadTest, ATimeWithoutUnitTakesItsParametersOwn) {
  const auto config =
      load_texts("maximal_queue_lifetime = 2\nqueue_run_delay = 2\nsmtpd_timeout = 7\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->main->maximal_queue_lifetime, seconds(2 * 86400));
  EXPECT_EQ(config->main->queue_run_delay, seconds(2));
  EXPECT_EQ(config->main->smtpd_timeout, seconds(7));
}

struct SafetyCase {
  const char* main;
  bool safe;
};

TEST_F(LoadTest, NoServerStartsAsAnOpenRelay) {
  const SafetyCase cases[] = {
      {"", true},
      {"compatibility_level = 3.6\n", true},
      {"smtpd_relay_restrictions =\n", false},
      {"smtpd_relay_restrictions = permit_mynetworks\n", false},
      {"smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit_mynetworks, "
       "reject_unauth_destination\n",
       true},
      {"smtpd_relay_restrictions = permit, reject\n", false},
      {"smtpd_relay_restrictions = warn_if_reject reject_unauth_destination\n", false},
      {"smtpd_relay_restrictions = warn_if_reject reject_unauth_destination, defer\n", true},
      {"smtpd_relay_restrictions = ${stress?{permit_mynetworks}:{reject}}\n", false},
      {"smtpd_relay_restrictions = REJECT\n", true},
      {"smtpd_relay_restrictions = warn_if_reject warn_if_reject reject\n", false},
      // Restriction classes, in each other and in themselves.
      {"smtpd_restriction_classes = a\na = permit_mynetworks, reject_unauth_destination\n"
       "smtpd_relay_restrictions = a\n",
       true},
      {"smtpd_restriction_classes = a, b\na = b\nb = defer\n"
       "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit_mynetworks, a\n",
       true},
      {"smtpd_restriction_classes = a, b\na = b, a\nb = a\nsmtpd_relay_restrictions = a\n", false},
      {"smtpd_restriction_classes = a, b\na = b, reject\nb = a\nsmtpd_relay_restrictions = b\n",
       true},
      {"smtpd_restriction_classes = a\na = reject\nsmtpd_relay_restrictions = warn_if_reject a\n",
       false},
      {"smtpd_restriction_classes = a\na = permit\nsmtpd_relay_restrictions = a, reject\n", false},
      {"smtpd_restriction_classes = a\na = permit_mynetworks\nsmtpd_relay_restrictions = a\n",
       false},
      {"smtpd_relay_restrictions = check_client_access static:a\nsmtpd_restriction_classes = a\n"
       "a = reject\n",
       false},
  };
  for (const SafetyCase& c : cases) {
    const auto config = load_texts(c.main);
    EXPECT_EQ(config.has_value(), c.safe) << c.main;
    if (config) continue;
    EXPECT_THAT(config.error().what,
                HasSubstr("specify at least one working instance of: reject_unauth_destination"));
  }
}

TEST_F(LoadTest, MynetworksAreOwnAddressesOnly) {
  const auto config = load_texts("inet_interfaces = loopback-only\ninet_protocols = ipv4\n");
  ASSERT_TRUE(config);
  EXPECT_THAT(config->main->mynetworks, Contains("127.0.0.1/32"));
  EXPECT_THAT(config->main->mynetworks, Not(Contains(HasSubstr("/8"))));
}

TEST_F(LoadTest, HostAndDomainFollowEachOther) {
  const auto host = load_texts("myhostname = mx.example.com\n");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->main->mydomain, "example.com");
  EXPECT_THAT(host->main->mydestination,
              ElementsAre("mx.example.com", "localhost.example.com", "localhost"));
  EXPECT_EQ(host->main->myorigin, "mx.example.com");
  EXPECT_EQ(host->main->smtpd_banner, "mx.example.com ESMTP Postfix");
}

TEST_F(LoadTest, TemplatesStayUnexpanded) {
  const auto config = load_texts("smtpd_reject_footer = \\c call $helpdesk\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->main->smtpd_reject_footer, "\\c call $helpdesk");
}

TEST_F(LoadTest, EmergencyChecksOptionHasThreeStates) {
  EXPECT_FALSE(load_texts("")->main->stress_keeps_only_emergency_checks.has_value());
  EXPECT_EQ(load_texts("stress_keeps_only_emergency_checks = no\n")
                ->main->stress_keeps_only_emergency_checks,
            false);
  EXPECT_EQ(load_texts("stress_keeps_only_emergency_checks = yes\n")
                ->main->stress_keeps_only_emergency_checks,
            true);
}

}  // namespace
}  // namespace headgate::config
