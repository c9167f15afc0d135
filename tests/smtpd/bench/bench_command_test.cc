#include <nlohmann/json.hpp>

#include "tests/smtpd/cli/cli_fixture.h"

namespace headgate::cli {
namespace {

using testing::HasSubstr;

class BenchCommand : public CliTest {
 protected:
  BenchCommand() {
    put("table", "/free money/ REJECT\n/viagra/ REJECT\n");
    put("mbox", "From a\nSubject: x\n\nfree money\nnothing\n\nFrom b\nSubject: y\n\nviagra\n");
  }

  // Quick, and without the engines that take a child process.
  int bench(std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "bench",     "pcre:" + path("table"), "--corpus", path("mbox"), "--runs", "1",
        "--engines", "headgate,pcre2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return headgate(std::move(arguments));
  }

  [[nodiscard]] std::string written(const char* file) const {
    std::ifstream in(path(file));
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
};

TEST_F(BenchCommand, PrintsASummaryAndWritesWhatIsAsked) {
  ASSERT_EQ(kExitOk, bench({"--json", path("out.json"), "--report", path("out.html")})) << err_;
  EXPECT_THAT(out_, HasSubstr("2 messages"));
  EXPECT_THAT(out_, HasSubstr("times as fast as Postfix's way"));
  EXPECT_EQ("", err_);  // no progress bar here
  const auto document = nlohmann::json::parse(written("out.json"));
  EXPECT_EQ(2, document["tables"][0]["hits"]);
  EXPECT_EQ("body", document["tables"][0]["keys"]);
  EXPECT_EQ("headgate", document["tables"][0]["engines"][0]["engine"]);
  EXPECT_THAT(written("out.html"), HasSubstr("</html>"));
}

TEST_F(BenchCommand, BothKindsOfKeysWhenAsked) {
  ASSERT_EQ(kExitOk, bench({"-h", "-b"})) << err_;
  EXPECT_THAT(out_, HasSubstr("table on headers: 2 rules"));
  EXPECT_THAT(out_, HasSubstr("table on body lines: 2 rules"));
}

TEST_F(BenchCommand, BadInputIsTold) {
  EXPECT_EQ(kExitUsage, headgate({"bench", "pcre:" + path("table")}));
  EXPECT_THAT(err_, HasSubstr("headgate: fatal: --corpus is required"));
  EXPECT_EQ(kExitUsage, headgate({"bench", "cidr:x", "--corpus", path("mbox")}));
  EXPECT_THAT(err_, HasSubstr("need pcre:NAME or regexp:NAME"));
  EXPECT_EQ(kExitUsage, bench({"--engines", "grep"}));
  EXPECT_THAT(err_, HasSubstr("unknown engine: grep"));
  EXPECT_EQ(kExitNoInput, headgate({"bench", "pcre:" + path("table"), "--corpus", path("none")}));
  EXPECT_THAT(err_, HasSubstr("headgate: fatal: open "));
  EXPECT_EQ(kExitNoInput, headgate({"bench", "pcre:" + path("none"), "--corpus", path("mbox")}));
  put("empty", "");
  EXPECT_EQ(kExitNoInput, headgate({"bench", "pcre:" + path("table"), "--corpus", path("empty")}));
  EXPECT_THAT(err_, HasSubstr("there are no messages"));
  put("bad", "/(/ REJECT\n");
  EXPECT_EQ(kExitBadTable, headgate({"bench", "pcre:" + path("bad"), "--corpus", path("mbox")}));
  EXPECT_THAT(err_, HasSubstr("bad, line 1: error in regex"));
  EXPECT_EQ(kExitIo, bench({"--json", path("no/where.json")}));
}

}  // namespace
}  // namespace headgate::cli
