#include <gmock/gmock.h>

#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(CliTest, HelpNamesEverySubcommand) {
  EXPECT_EQ(headgate({"help"}), kExitOk);
  for (const Command& command : commands())
    EXPECT_THAT(out_, HasSubstr("\n  " + std::string(command.name)));
  EXPECT_EQ(headgate({"--help"}), kExitOk);
}

TEST_F(CliTest, EverySubcommandHasItsOwnHelp) {
  for (const Command& command : commands()) {
    const std::string name(command.name);
    EXPECT_EQ(headgate({name, "--help"}), kExitOk);
    EXPECT_THAT(out_, StartsWith("usage: headgate " + name));
    EXPECT_EQ(headgate({"help", name}), kExitOk);
  }
}

TEST_F(CliTest, OutputThatIsNotTakenIsAFailure) {
  std::istringstream in;
  std::ostringstream err;
  std::ostream full(nullptr);
  EXPECT_EQ(run({"map", "-q", "k", "inline:{k=v}"}, programs_, in, full, err), kExitIo);
  EXPECT_THAT(err.str(), HasSubstr("write to standard output"));
}

struct UsageCase {
  std::vector<std::string> arguments;
  const char* expected;
};

TEST_F(CliTest, WrongUsageIs64) {
  const UsageCase cases[] = {
      {{}, "no subcommand"},
      {{"nosuch"}, "unknown subcommand: nosuch"},
      {{"--nosuch", "config"}, "unknown option: --nosuch"},
      {{"config", "-c"}, "option requires an argument: -c"},
      {{"config", "-o", "foo"}, "-o wants name=value: \"foo\""},
      {{"config", "-o", "=foo"}, "-o wants name=value: \"=foo\""},
      {{"config", "-z"}, "config: unknown option: -z"},
      {{"config", "-d", "-n"}, "specify one of -d -n"},
      {{"config", "-d", "-o", "a=b"}, "specify one of -d -o"},
      {{"check", "x"}, "check: unexpected argument: x"},
      {{"help", "nosuch"}, "unknown subcommand: nosuch"},
  };
  for (const UsageCase& c : cases) {
    EXPECT_EQ(headgate(c.arguments), kExitUsage) << c.expected;
    EXPECT_THAT(err_, StartsWith(std::string("headgate: fatal: ") + c.expected));
    EXPECT_EQ(out_, "");
  }
}

TEST_F(CliTest, GlobalOptionsStandAnywhere) {
  put("main.cf", "relayhost = a\n");
  const std::string directory = directory_.string();
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"-c", directory, "config", "-h", "relayhost"},
                                             {"config", "-h", "relayhost", "-c", directory},
                                             {"config", "-c" + directory, "-h", "relayhost"}}) {
    EXPECT_EQ(headgate(line), kExitOk);
    EXPECT_EQ(out_, "a\n");
  }
  EXPECT_EQ(configured({"config", "-o", "relayhost = b", "-h", "relayhost"}), kExitOk);
  EXPECT_EQ(out_, "b\n");
}

TEST_F(CliTest, MailConfigNamesTheDirectory) {
  put("main.cf", "relayhost = from-environment\n");
  setenv("MAIL_CONFIG", directory_.c_str(), 1);
  EXPECT_EQ(headgate({"config", "-h", "relayhost"}), kExitOk);
  unsetenv("MAIL_CONFIG");
  EXPECT_EQ(out_, "from-environment\n");
}

}  // namespace
}  // namespace headgate::cli
