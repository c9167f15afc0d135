#include "compiler/back/forked_compiler.h"

#include <gtest/gtest.h>

#include "engine/match/scratch.h"

namespace headgate::back {
namespace {

class ForkedCompilerTest : public testing::Test {
 protected:
  const analyse::Plan* plan(std::string text) {
    auto made = std::make_unique<analyse::Plan>();
    made->how = analyse::How::native;
    made->scan_text = std::move(text);
    plans_.push_back(std::move(made));
    return plans_.back().get();
  }

  // Takes Hyperscan most of a second for each of its patterns.
  ScanSet dear() {
    ScanSet set;
    for (std::uint32_t id = 0; id < 40; ++id) {
      set.push_back(
          {id, plan("(?:a[^x]{1,30}b[^y]{1,30}c){30}" +
                    std::string(1, static_cast<char>('a' + id % 26)) + std::to_string(id))});
    }
    return set;
  }

  std::vector<std::unique_ptr<analyse::Plan>> plans_;
  ForkLimits limits_;
};

TEST_F(ForkedCompilerTest, AnswersInTheOrderOfTheSets) {
  limits_.jobs = 3;
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile(
      {{{0, plan("foo")}, {1, plan("bar")}}, {{2, plan("a(")}}, {{3, plan("baz")}}}, Budget::group);
  ASSERT_EQ(attempts.size(), 3U);
  EXPECT_EQ(attempts[0].came, Came::ok);
  ASSERT_EQ(attempts[1].came, Came::refused);
  EXPECT_EQ(attempts[1].offender, 0);
  EXPECT_TRUE(attempts[1].problem.starts_with("Hyperscan: ")) << attempts[1].problem;
  ASSERT_EQ(attempts[2].came, Came::ok);
  match::Scratch scratch;
  match::Candidates found;
  found.clear(4);
  ASSERT_TRUE(attempts[2].scanner->scan("a baz", scratch, found));
  EXPECT_TRUE(found.has(3));
}

TEST_F(ForkedCompilerTest, ADearPatternIsStoppedAfterItsTime) {
  limits_.pattern = std::chrono::seconds{1};
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({dear(), {{1, plan("foo")}}}, Budget::pattern);
  EXPECT_EQ(attempts[0].came, Came::over_budget);
  EXPECT_EQ(attempts[0].problem, "Hyperscan needs more than 1 s");
  EXPECT_EQ(attempts[1].came, Came::ok);
}

TEST_F(ForkedCompilerTest, APatternThatNeedsTooMuchMemoryIsNotCompiled) {
  limits_.memory_bytes = 1U << 20;
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({dear()}, Budget::pattern);
  EXPECT_NE(attempts[0].came, Came::ok);
  EXPECT_FALSE(attempts[0].problem.empty());
}

TEST_F(ForkedCompilerTest, AfterTheDeadlineNothingIsTried) {
  limits_.deadline = std::chrono::steady_clock::now();
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({{{0, plan("foo")}}}, Budget::group);
  EXPECT_EQ(attempts[0].came, Came::out_of_time);
  EXPECT_EQ(attempts[0].problem, "the table's time for compiling was used up");
}

TEST_F(ForkedCompilerTest, TheDeadlineEndsWhatIsUnderWay) {
  limits_.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{300};
  ForkedCompiler compiler(limits_);
  const auto attempts = compiler.compile({dear()}, Budget::group);
  EXPECT_EQ(attempts[0].came, Came::out_of_time);
}

}  // namespace
}  // namespace headgate::back
