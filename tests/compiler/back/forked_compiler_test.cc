#include "compiler/back/forked_compiler.h"

#include <gtest/gtest.h>

#include "compiler/back/address_space.h"
#include "engine/match/scratch.h"
#include "tests/compiler/back/poor_process.h"

namespace headgate::back {
namespace {

class ForkedCompilerTest : public testing::Test {
 protected:
  // Takes Hyperscan most of a second for each of its patterns.
  ScanSet dear() {
    ScanSet set;
    for (std::uint32_t id = 0; id < 40; ++id) {
      set.push_back({id, "(?:a[^x]{1,30}b[^y]{1,30}c){30}" +
                             std::string(1, static_cast<char>('a' + id % 26)) +
                             std::to_string(id)});
    }
    return set;
  }

  ForkLimits limits_;
};

TEST_F(ForkedCompilerTest, AnswersInTheOrderOfTheSets) {
  limits_.jobs = 3;
  ForkedCompiler compiler(limits_);
  const auto attempts =
      compiler.compile({{{0, "foo"}, {1, "bar"}}, {{2, "a("}}, {{3, "baz"}}}, Budget::group);
  ASSERT_EQ(attempts.size(), 3U);
  EXPECT_EQ(attempts[0].came, Came::ok);
  ASSERT_EQ(attempts[1].came, Came::refused);
  EXPECT_EQ(attempts[1].offender, 0);
  EXPECT_TRUE(attempts[1].problem.starts_with("Hyperscan: ")) << attempts[1].problem;
  ASSERT_EQ(attempts[2].came, Came::ok);
  match::Scratch scratch;
  EXPECT_EQ(attempts[2].scanner->ids_in("a baz", scratch), std::set<unsigned>{3});
}

TEST_F(ForkedCompilerTest, ADearPatternIsStoppedAfterItsTime) {
  limits_.pattern = std::chrono::seconds{1};
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({dear(), {{1, "foo"}}}, Budget::pattern);
  EXPECT_EQ(attempts[0].came, Came::over_budget);
  EXPECT_EQ(attempts[0].problem, "Hyperscan needs more than 1 s");
  EXPECT_EQ(attempts[1].came, Came::ok);
}

TEST_F(ForkedCompilerTest, APatternThatNeedsTooMuchMemoryIsNotCompiled) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs more address space than any limit leaves it";
#endif
  limits_.memory_bytes = 1U << 20;
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({dear()}, Budget::pattern);
  EXPECT_NE(attempts[0].came, Came::ok);
  EXPECT_FALSE(attempts[0].problem.empty());
}

TEST_F(ForkedCompilerTest, AfterTheDeadlineNothingIsTried) {
  limits_.deadline = std::chrono::steady_clock::now();
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({{{0, "foo"}}}, Budget::group);
  EXPECT_EQ(attempts[0].came, Came::out_of_time);
  EXPECT_EQ(attempts[0].problem, "the table's time for compiling was used up");
}

TEST_F(ForkedCompilerTest, ADeadlineOnABusyMachineIsAShortage) {
  limits_.deadline = std::chrono::steady_clock::now();
  limits_.fair_cpu = std::chrono::hours{1};
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({{{0, "foo"}}}, Budget::group);
  EXPECT_EQ(attempts[0].came, Came::shortage);
  EXPECT_EQ(attempts[0].problem, "the machine was too busy to compile the table in its time");
}

TEST_F(ForkedCompilerTest, WithoutAProcessForAWorkerTheWorkEndsInAShortage) {
  const auto holds = [this] {
    ForkedCompiler compiler(limits_);
    const auto attempts = compiler.compile({{{0, "foo"}}, {{1, "bar"}}}, Budget::group);
    return attempts[0].came == Came::shortage && attempts[1].came == Came::shortage &&
           attempts[0].problem.starts_with("no worker to compile it: ");
  };
  EXPECT_EQ(in_poor_process([] { limit_hard(RLIMIT_NPROC, 0); }, holds), 0);
}

// SIGKILL long before the worker has used its own time: here from a limit that is not its own.
TEST_F(ForkedCompilerTest, AWorkerKilledBySomebodyElseIsAShortage) {
  limits_.pattern = std::chrono::seconds{600};
  const auto holds = [this] {
    ForkedCompiler compiler(limits_);
    return compiler.compile({dear()}, Budget::pattern)[0].came == Came::shortage;
  };
  EXPECT_EQ(in_poor_process([] { limit_hard(RLIMIT_CPU, 1); }, holds), 0);
}

TEST_F(ForkedCompilerTest, MemoryThatTheMachineHasNotIsAShortage) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer needs more address space than any limit leaves it";
#endif
  const auto limit = [] { limit_hard(RLIMIT_AS, mapped_bytes() + (8U << 20)); };
  const auto holds = [this] {
    ForkedCompiler compiler(limits_);
    return compiler.compile({dear()}, Budget::pattern)[0].came == Came::shortage;
  };
  EXPECT_EQ(in_poor_process(limit, holds), 0);
}

TEST(Share, BuilderAndWorkersTogetherMapNoMoreThanTheLimit) {
  constexpr std::uint64_t kMega = 1U << 20;
  for (const std::uint64_t total : {kMega, 600 * kMega, 2048 * kMega, 100'000 * kMega}) {
    for (const unsigned processors : {1U, 2U, 64U}) {
      const Share share = share_memory(total, processors);
      EXPECT_GE(share.jobs, 1U);
      EXPECT_LE(share.jobs, processors);
      EXPECT_LE((share.jobs + 1) * share.bytes, total);
    }
  }
  EXPECT_EQ(share_memory(2048 * kMega, 64).jobs, 3U);
}

TEST_F(ForkedCompilerTest, TheDeadlineEndsWhatIsUnderWay) {
  limits_.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{300};
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({dear()}, Budget::group);
  EXPECT_EQ(attempts[0].came, Came::out_of_time);
}

}  // namespace
}  // namespace headgate::back
