// run_match over real tables and files: what it prints is a contract with scripts.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/compile.h"
#include "smtpd/cli/command.h"

namespace headgate::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

class Match : public testing::Test {
 protected:
  Match() {
    std::string pattern = testing::TempDir() + "match_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    write("main.cf", "compatibility_level = 3.7\n");
    header_ = "pcre:" + write("header_checks",
                              "/^Subject: (.*free.*)/ REJECT no $1\n"
                              "#@emergency\n"
                              "/^Subject: worm/ DISCARD\n"
                              "/^X-Hold:/ HOLD look\n"
                              "/^X-Drop:/ IGNORE\n");
    body_ = "pcre:" + write("body_checks", "/viagra/ REJECT 4.7.1 later\n");
  }

  ~Match() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path path = std::filesystem::path(directory_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }

  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  int run(std::vector<std::string> arguments, bool json = false, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out, err;
    Invocation invocation{std::move(arguments), directory_, {}, 0, json, programs_, in, out, err};
    const int code = run_match(invocation);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  int run_with_tables(std::vector<std::string> arguments, bool json = false,
                      const std::string& input = {}) {
    arguments.insert(arguments.begin(), {"--header-checks", header_, "--body-checks", body_});
    return run(std::move(arguments), json, input);
  }

  std::vector<Json> lines() const {
    std::vector<Json> all;
    std::istringstream text(out_);
    for (std::string line; std::getline(text, line);) all.push_back(Json::parse(line));
    return all;
  }

  std::string directory_, header_, body_, out_, err_;
  compiler::CompilingSource programs_;
};

TEST_F(Match, AFolderWithoutMessagesIsAMistake) {
  std::filesystem::create_directory(std::filesystem::path(directory_) / "empty");
  EXPECT_EQ(run({"--header-checks", header_, directory_ + "/empty"}), kExitNoInput);
  EXPECT_THAT(err_, HasSubstr("there are no messages"));
}

TEST_F(Match, SaysWhyAMessageIsRefused) {
  const std::string path = write("m.eml", "Subject: free\n money\n\nx\n");
  EXPECT_EQ(run_with_tables({path}), kExitOk) << err_;
  EXPECT_EQ(out_, path +
                      ": reject (550 5.7.1 no free  money)\n"
                      "  REJECT 5.7.1 no free? money -- " +
                      header_ +
                      ", line 1\n"
                      "    header: Subject: free? money\n");
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(Match, WritesOneJsonLineAMessage) {
  const std::string path = write("m.eml", "X-Hold: \xff\nX-Drop: y\n\nx\n");
  EXPECT_EQ(run_with_tables({path}, true), kExitOk);
  const auto all = lines();
  ASSERT_EQ(all.size(), 1U);
  const Json expected = {{"message", path},
                         {"verdict", "hold"},
                         {"reply", "250 2.0.0 Ok"},
                         {"actions",
                          {{{"class", "header"},
                            {"table", header_},
                            {"line", 4},
                            {"action", "HOLD"},
                            {"text", "look"},
                            {"subject", "X-Hold: \xef\xbf\xbd"}},
                           {{"class", "header"},
                            {"table", header_},
                            {"line", 5},
                            {"action", "IGNORE"},
                            {"text", ""},
                            {"subject", "X-Drop: y"}}}}};
  EXPECT_EQ(all[0], expected);
}

struct Verdicts {
  std::string message, verdict, reply;
};

TEST_F(Match, HasFourVerdicts) {
  const Verdicts cases[] = {{"Subject: hello\r\n\r\nx\r\n", "pass", "250 2.0.0 Ok"},
                            {"Subject: free\n\nx\n", "reject", "550 5.7.1 no free"},
                            {"Subject: x\n\nviagra\n", "reject", "451 4.7.1 later"},
                            {"Subject: worm\n\nx\n", "discard", "250 2.0.0 Ok"},
                            {"X-Hold: x\n\nx\n", "hold", "250 2.0.0 Ok"},
                            {"", "pass", "250 2.0.0 Ok"}};
  for (const Verdicts& c : cases) {
    ASSERT_EQ(run_with_tables({"-"}, true, c.message), kExitOk);
    EXPECT_EQ(lines()[0]["verdict"], c.verdict) << c.message;
    EXPECT_EQ(lines()[0]["reply"], c.reply) << c.message;
  }
}

TEST_F(Match, EmergencyKeepsTheMarkedRules) {
  ASSERT_EQ(run_with_tables({"--emergency", "-"}, true, "Subject: free\n\nx\n"), kExitOk);
  EXPECT_EQ(lines()[0]["verdict"], "pass");
  ASSERT_EQ(run_with_tables({"--emergency", "-"}, true, "Subject: worm\n\nx\n"), kExitOk);
  EXPECT_EQ(lines()[0]["verdict"], "discard");
}

TEST_F(Match, SplitsAnMbox) {
  const std::string path = write(
      "box", "From a@b Mon\nSubject: worm\n\none\n\nFrom c@d Tue\nSubject: 2\n\ntwo\n\n\nFrom x\n");
  const std::string out = directory_ + "/out";
  ASSERT_EQ(run_with_tables({"--output", out, path}), kExitOk);
  EXPECT_THAT(out_, HasSubstr(path + "#1: discard\n"));
  EXPECT_THAT(out_, HasSubstr(path + "#2: pass\n"));
  EXPECT_THAT(out_, HasSubstr("3 messages: 1 discard, 2 pass\n"));
  EXPECT_FALSE(std::filesystem::exists(out + "/box#1"));
  EXPECT_EQ(read(out + "/box#2"), "Subject: 2\n\ntwo\n\n");
  EXPECT_EQ(read(out + "/box#3"), "");
}

TEST_F(Match, ReadsMaildirsAndFolders) {
  write("Maildir/new/1", "Subject: free\n\n");
  write("Maildir/cur/2:2,S", "Subject: b\n\n");
  write("Maildir/tmp/3", "Subject: half\n\n");
  write("folder/a", "Subject: a\n\n");
  write("folder/sub/b", "Subject: b\n\n");
  ASSERT_EQ(run_with_tables({directory_ + "/Maildir"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("2 messages: 1 pass, 1 reject\n"));
  ASSERT_EQ(run_with_tables({directory_ + "/folder"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("2 messages: 2 pass\n"));
}

TEST_F(Match, OutputIsTheMessageAsItWouldBeQueued) {
  write("a/m", "X-Drop: gone\nName : x\r\nBcc: secret\n\nb\n");
  write("b/m", "B: 2\n\n");
  ASSERT_EQ(
      run_with_tables({"--output", directory_ + "/out", directory_ + "/a", directory_ + "/b"}),
      kExitOk);
  EXPECT_EQ(read(directory_ + "/out/m"), "Name: x\n\nb\n");  // message_drop_headers takes the Bcc
  EXPECT_EQ(read(directory_ + "/out/m.2"), "B: 2\n\n");
}

TEST_F(Match, SaysWhatIsWrong) {
  EXPECT_EQ(run({}), kExitUsage);
  EXPECT_EQ(run({"--nonsense", "x"}), kExitUsage);
  EXPECT_EQ(run_with_tables({directory_ + "/none"}), kExitNoInput);
  EXPECT_EQ(err_, "headgate: fatal: open " + directory_ + "/none: No such file or directory\n");
  EXPECT_EQ(run({"--header-checks", "pcre:" + directory_ + "/none", "-"}), kExitNoInput);
  EXPECT_THAT(
      err_, HasSubstr("headgate: error: open " + directory_ + "/none: No such file or directory"));
}

TEST_F(Match, WarnsOfBadActions) {
  const std::string table = "pcre:" + write("bad", "/./ FILTER\n");
  ASSERT_EQ(run({"--header-checks", table, "-"}, false, "A: 1\n\n"), kExitOk);
  EXPECT_EQ(err_, "headgate: warning: -: missing FILTER command argument in header_checks map\n");
}

}  // namespace
}  // namespace headgate::cli
