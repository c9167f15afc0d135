// The builder process: the real one, and stubs that die, hang, complain or are not there.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "compiler/store/builder_client.h"
#include "compiler/store/image_source.h"
#include "engine/rules/program.h"
#include "tests/compiler/store/store_fixture.h"

namespace headgate::store {
namespace {

using rules::Dialect;

class BuilderTest : public StoreTest {
 protected:
  std::string stub(const std::string& script) {
    std::string path = scratch_ + "/builder";
    EXPECT_TRUE(write_file_atomically(path, "#!/bin/sh\n" + script + "\n", 0755));
    return path;
  }

  Error failure_of(const std::string& executable, bool cancelled = false) {
    ProcessBuilder builder(env_, executable);
    const auto built = builder.build(Dialect::pcre, name_, settings_, cancelled);
    EXPECT_FALSE(built);
    EXPECT_TRUE(files().empty());
    return built ? Error{} : built.error();
  }

  void SetUp() override {
    StoreTest::SetUp();
    name_ = table("/foo/ X\n/bar/ Y\n");
  }

  std::string name_;
};

TEST_F(BuilderTest, TheRealOnePublishesWhatLoadThenMaps) {
  ImageSource source(settings_, std::make_unique<ProcessBuilder>(env_, HEADGATE_COMPILER), env_);
  EXPECT_TRUE(source.load(Dialect::pcre, name_)->wants_build);
  const auto built = source.build(Dialect::pcre, name_, false);
  ASSERT_TRUE(built) << built.error().text();
  const auto warm = source.load(Dialect::pcre, name_);
  EXPECT_FALSE(warm->wants_build);
  EXPECT_FALSE(warm->full->plan().scans.empty());
}

TEST_F(BuilderTest, InlineTablesAndDirectoriesWithoutParentsWork) {
  settings_.directory = scratch_ + "/deeper/images";
  ImageSource source(settings_, std::make_unique<ProcessBuilder>(env_, HEADGATE_COMPILER), env_);
  const std::string name = "{{/a b/ 'X'}, {/c/ Y}}";
  const auto built = source.build(Dialect::regexp, name, false);
  ASSERT_TRUE(built) << built.error().text();
  EXPECT_FALSE(source.load(Dialect::regexp, name)->wants_build);
}

TEST_F(BuilderTest, ATableThatIsNotThereIsAnError) {
  name_ = scratch_ + "/none";
  const Error error = failure_of(HEADGATE_COMPILER);
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_EQ(error.what, "open " + name_ + ": No such file or directory");
}

TEST_F(BuilderTest, AnUnwritableDirectoryIsAnError) {
  settings_.directory = name_ + "/images";
  const Error error = failure_of(HEADGATE_COMPILER);
  EXPECT_EQ(error.code, Code::io);
  EXPECT_EQ(error.what, "create directory " + settings_.directory + ": Not a directory");
}

TEST_F(BuilderTest, AKilledBuilderIsAnError) {
  const Error error = failure_of(stub("kill -9 $$"));
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_EQ(
      error.what,
      "the builder of its database was killed by signal 9 (Killed): it is matched without; is "
      "there memory enough?");
  EXPECT_EQ(error.where, name_);
}

TEST_F(BuilderTest, ItsLastWordsAreTheReason) {
  const Error error = failure_of(
      stub("echo 'headgate-compiler: write x.tmp: No space left on device' >&2; exit 74"));
  EXPECT_EQ(error.code, Code::io);
  EXPECT_EQ(error.what, "write x.tmp: No space left on device");
  EXPECT_EQ(failure_of(stub("exit 3")).what, "its builder failed with status 3");
}

// The clock of this test runs ahead, so the deadline of 300 s passes at once.
class HurriedEnv final : public Env {
 public:
  [[nodiscard]] WallTime wall() const override { return {}; }

  [[nodiscard]] SteadyTime steady() const override {
    now_ += std::chrono::seconds{100};
    return now_;
  }

  std::uint64_t random() override { return 4; }

 private:
  mutable SteadyTime now_;
};

TEST_F(BuilderTest, OneThatHangsIsKilledAtTheDeadlineWithItsWorkers) {
  HurriedEnv env;
  ProcessBuilder builder(env, stub("echo $$ > " + scratch_ + "/pid; sleep 1000 & wait"));
  const auto built = builder.build(Dialect::pcre, name_, settings_, false);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().code, Code::timeout);
  EXPECT_EQ(
      built.error().what,
      "building its database takes longer than 300 s (check_compile_time_limit): it is matched "
      "without");
  int group = 0;
  if (std::ifstream(scratch_ + "/pid") >> group) {
    EXPECT_FALSE(::kill(-group, 0) == 0 && ::waitpid(-group, nullptr, WNOHANG) > 0);
  }
}

// As process 1 of a container, whose children the workers of a killed builder become.
TEST_F(BuilderTest, AsProcessOneItLeavesNoZombies) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  HurriedEnv env;
  ProcessBuilder builder(env, stub("sleep 1000 & sleep 1000 & wait"));
  EXPECT_FALSE(builder.build(Dialect::pcre, name_, settings_, false));
  ProcessBuilder killed(env_, stub("sleep 1000 & kill -9 $$"));
  EXPECT_FALSE(killed.build(Dialect::pcre, name_, settings_, false));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "nobody is left to wait for";
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(BuilderTest, CancellingEndsIt) {
  EXPECT_EQ(failure_of(stub("sleep 1000"), true).code, Code::cancelled);
}

TEST_F(BuilderTest, OneThatIsNotInstalledIsNamedWithTheCure) {
  const Error error = failure_of(scratch_ + "/no/such/builder");
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_EQ(error.what,
            "headgate-compiler was found neither beside this program nor in $PATH: tables are "
            "matched without databases until it is installed");
}

TEST_F(BuilderTest, LittleMemoryIsNotTakenForABrokenLibhs) {
  settings_.memory_limit = 4096;
  ProcessBuilder builder(env_, HEADGATE_COMPILER);
  const auto built = builder.build(Dialect::pcre, name_, settings_, false);
  if (!built) {
    EXPECT_EQ(built.error().text().find("gives wrong answers"), std::string::npos)
        << built.error().text();
  }
}

TEST_F(BuilderTest, ItInheritsNoDescriptors) {
  const std::string held = table("held", "held");
  const int fd = ::open(held.c_str(), O_RDONLY);  // without O_CLOEXEC
  ASSERT_GT(fd, 2);
  const Error error = failure_of(stub("ls -l /proc/$$/fd | grep -c " + held + " >&2; exit 70"));
  ::close(fd);
  EXPECT_EQ(error.what, "0");
}

}  // namespace
}  // namespace headgate::store
