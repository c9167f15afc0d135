#include "compiler/back/trial.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "compiler/back/address_space.h"
#include "compiler/compile.h"
#include "engine/match/scratch.h"
#include "engine/rules/program_lookup.h"
#include "tests/compiler/back/poor_process.h"

namespace headgate::back {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Trial, ThePlainestNeedNone) {
  for (const std::string_view pattern :
       {"^Subject:.*viagra", "a*b+c?", "^[^ ]+ +.*[.]com$", "\\<word\\>", ""}) {
    EXPECT_FALSE(needs_trial(pattern)) << pattern;
  }
}

struct Bomb {
  const char* what;
  std::string pattern;
};

class Bombs : public testing::TestWithParam<Bomb> {};

TEST_P(Bombs, AreRefusedAndCostTheirOwnRuleOnly) {
  const std::string& pattern = GetParam().pattern;
  ASSERT_TRUE(needs_trial(pattern));
  const auto table = compiler::compile_text(
      rules::Dialect::regexp, "t", "/(a|b)c/ GROUP\n/" + pattern + "/ BOMB\n/(safe)/ FOUND\n", {});
  ASSERT_EQ(table.diagnostics.size(), 1U);
  EXPECT_TRUE(
      table.diagnostics[0].text.starts_with("regexp map t, line 2: this pattern takes too ") &&
      table.diagnostics[0].text.ends_with(" to compile: skipping this rule"))
      << table.diagnostics[0].text;
  rules::ProgramLookup lookup(table.full, "regexp:t", nullptr);
  EXPECT_EQ((*lookup.find("safe"))->value, "FOUND");
  EXPECT_EQ((*lookup.find("bc"))->value, "GROUP");
}

INSTANTIATE_TEST_SUITE_P(
    Regcomp, Bombs,
    testing::Values(Bomb{"stacked_intervals", "(^^\\?||\\^{0,1}{,2}{,2}{2}{2}+?(a*)+)"},
                    Bomb{"big_interval", "a{1,30000}"},
                    Bomb{"nested_big_intervals", "(a{1,1000}){1,1000}"},
                    Bomb{"stars", "a" + repeated("*", 20000)},
                    Bomb{"parentheses", repeated("(", 50000) + "a" + repeated(")", 50000)},
                    Bomb{"nested_plus", repeated("(", 24) + "a" + repeated("+b)", 24)},
                    Bomb{"one_interval_of_a_large_group", "(" + repeated("a?", 1000) + "){99}"},
                    Bomb{"diamonds_under_a_star", "(" + repeated("(a?|b?)", 25) + ")*"},
                    Bomb{"word_bounds", repeated("\\b", 250)}),
    [](const auto& bomb) { return bomb.param.what; });

TEST(Trial, AHeavyPatternThatEndsIsKept) {
  const std::string pattern = "([a-z]{1,60}\\.){1,20}[a-z]{2,60}";
  ASSERT_TRUE(needs_trial(pattern));
  const auto results = try_posix({{pattern, {}, 0}, {"a{2,1}{3}", {}, 0}});
  EXPECT_EQ(results[0].came, Trial::passed);
  EXPECT_EQ(results[1].came, Trial::passed) << "regcomp's own error is the caller's";
}

TEST(Trial, AmongManyEachBombIsFound) {
  std::vector<TrialPattern> patterns;
  for (int i = 0; i < 300; ++i)
    patterns.push_back({"^(From|To): .*word" + std::to_string(i), {}, 0});
  for (const std::size_t at : {0U, 1U, 100U, 299U}) patterns[at].text = "(a{1,1000}){1,1000}";
  const auto results = try_posix(patterns);
  ASSERT_EQ(results.size(), patterns.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool bomb = i == 0 || i == 1 || i == 100 || i == 299;
    EXPECT_EQ(results[i].came, bomb ? Trial::dear : Trial::passed) << i << " " << results[i].why;
  }
}

// Of all children that have ended and been waited for.
double children_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Each would take the whole kTrialCpu: behind the first few they do not.
TEST(Trial, ATableOfBombsCostsNotEachTheWholeTime) {
  constexpr int kSlow = 12;
  const std::string deep =
      repeated("(", 50000) + "a" + repeated(")", 50000);  // its stack ends soon
  std::vector<TrialPattern> patterns(kFirstDear, TrialPattern{deep, {}, 0});
  patterns.resize(kFirstDear + kSlow, TrialPattern{repeated("\\b", 250), {}, 0});
  patterns.push_back({"^(From|To): .*(innocent|guiltless)", {}, 0});
  const double before = children_cpu_seconds();
  const auto results = try_posix(patterns);
  const double spent = children_cpu_seconds() - before;
  for (std::size_t i = 0; i + 1 < results.size(); ++i)
    EXPECT_EQ(results[i].came, Trial::dear) << i << " " << results[i].why;
  EXPECT_EQ(results.back().came, Trial::passed) << results.back().why;
  EXPECT_LT(spent, kSlow * std::chrono::duration<double>(kTrialCpu).count() / 2);
}

// The one child of this process, while there is one; 0 otherwise.
pid_t child_of_this_process() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    pid_t child = 0;
    if (std::ifstream(task.path() / "children") >> child) return child;
  }
  return 0;
}

// When the machine runs out of memory, the trial is what the kernel ends first.
TEST(Trial, TheChildGoesBeforeTheServer) {
  const auto score_of = [](const std::string& process) {
    int score = -1;
    std::ifstream("/proc/" + process + "/oom_score_adj") >> score;
    return score;
  };
  if (score_of("self") < 0 || !std::filesystem::exists("/proc/thread-self/children"))
    GTEST_SKIP() << "this /proc does not tell";
  std::atomic<bool> over{false};
  std::thread trial([&over] {
    (void)try_posix({{repeated("\\b", 250), {}, 0}});
    over = true;
  });
  int highest = -1;
  while (!over && highest < 1000) {
    if (const pid_t child = child_of_this_process(); child != 0)
      highest = std::max(highest, score_of(std::to_string(child)));
    std::this_thread::yield();
  }
  trial.join();
  EXPECT_EQ(highest, 1000);
}

TEST(Trial, WhatIsKilledFromOutsideIsNotCalledDear) {
  EXPECT_EQ(
      in_poor_process(
          [] { limit_hard(RLIMIT_CPU, 1); },
          [] {
            // It takes seconds, and little memory: it must not meet another limit first.
            const auto results = try_posix({{repeated("\\b", 250), {}, 0}, {"(good)", {}, 0}});
            return results[0].came == Trial::killed && results[1].came == Trial::passed;
          }),
      0);
}

TEST(Trial, WantOfMemoryOfTheMachineIsNotCalledDear) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer needs more address space than any limit leaves it";
#endif
  EXPECT_EQ(
      in_poor_process([] { limit_hard(RLIMIT_AS, mapped_bytes() + (32U << 20)); },
                      [] {
                        return try_posix({{"(a{1,1000}){1,1000}", {}, 0}})[0].came == Trial::killed;
                      }),
      0);
}

// A rule that could not be tried is neither left out nor risked: the table cannot be opened.
TEST(Trial, WithoutAProcessToTryThemInPatternsAreNotCompiled) {
  EXPECT_EQ(in_poor_process([] { limit_hard(RLIMIT_NPROC, 0); },
                            [] {
                              compiler::CompilingSource source;
                              const auto table =
                                  source.load(rules::Dialect::regexp, "{{/(a+)+/ X}}");
                              return !table && table.error().code == Code::unavailable &&
                                     source.load(rules::Dialect::regexp, "{{/a+/ X}}");
                            }),
            0);
}

// Random patterns of all that regcomp knows, from plain rows to nests.
class PatternDice {
 public:
  explicit PatternDice(std::uint32_t seed) : dice_(seed) {}

  std::string pattern(bool basic) {
    basic_ = basic;
    std::string text;
    const bool plain = one_in(2);
    // Every other one is a short motif again and again, up to the length that needs a trial anyway.
    const std::string motif = row(plain, 1 + below(4), 3);
    if (!one_in(2)) return motif + row(plain, below(12), 3);
    while (text.size() + motif.size() <= 400) text += motif.empty() ? "a?" : motif;
    return text;
  }

  bool one_in(std::uint32_t n) { return below(n) == 0; }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(dice_() % n); }

  std::string pick(std::initializer_list<const char*> from) {
    return *(from.begin() + below(static_cast<std::uint32_t>(from.size())));
  }

  // An operator: with a backslash in basic syntax.
  std::string op(const char* text) { return (basic_ ? "\\" : "") + std::string(text); }

  std::string row(bool plain, std::uint32_t length, int depth) {
    std::string text;
    for (std::uint32_t i = 0; i < length; ++i) {
      text += atom(plain, depth);
      if (one_in(2)) text += quantifier(plain);
    }
    return text;
  }

  std::string atom(bool plain, int depth) {
    if (one_in(plain ? 40 : 8)) return pick({"^", "$", "\\b", "\\B", "\\<", "\\>", "\\`", "\\'"});
    if (!plain && depth > 0 && one_in(2)) {
      std::string inner = row(plain, below(4), depth - 1);
      if (one_in(3)) inner += op("|") + row(plain, below(3), depth - 1);
      return op("(") + inner + op(")");
    }
    return pick({"a", "b", "Z", ".", "[a-z]", "[^x]", "[[:alpha:]_]", "\\w", "\\W", "\\s", "\\."});
  }

  std::string quantifier(bool plain) {
    if (!plain && one_in(4))
      return op("{") + std::to_string(below(4)) + "," + std::to_string(4 + below(30)) + op("}");
    return one_in(2) ? "*" : op(one_in(2) ? "+" : "?");
  }

  std::mt19937 dice_;
  bool basic_ = false;
};

// 0.2 s and 64 MB each; the exit status says which was too dear.
TEST(Trial, WhatNeedsNoneIsCheap) {
  constexpr int kPatterns = 4000;
  PatternDice dice(1);
  std::vector<TrialPattern> cheap;
  for (int i = 0; i < kPatterns; ++i) {
    const bool basic = dice.one_in(3);
    TrialPattern pattern{dice.pattern(basic), {}, 0};
    pattern.options.extended = !basic;
    pattern.options.newline = dice.one_in(4);
    pattern.options.no_groups = dice.one_in(2);
    if (!needs_trial(pattern.text)) cheap.push_back(std::move(pattern));
  }
  EXPECT_GT(cheap.size(), 500U);
  EXPECT_LT(cheap.size(), 3500U);
  std::size_t next = 0;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    limit_address_space(mapped_bytes() + (64U << 20));
    std::signal(SIGPROF, SIG_DFL);
    match::Scratch scratch;
    for (; next < cheap.size(); ++next) {
      (void)!::write(ends[1], &next, sizeof next);
      const itimerval timer{{0, 0}, {0, 200'000}};
      ::setitimer(ITIMER_PROF, &timer, nullptr);
      const auto made = match::compile_posix(cheap[next].text, cheap[next].options, 0);
      if (!made && made.error().text == kOutOfMemory) ::_exit(1);
      if (made && (*made)->test("Subject: a b", scratch, nullptr).answer == match::Answer::failed)
        ::_exit(1);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  for (std::size_t at = 0; ::read(ends[0], &at, sizeof at) == sizeof at;) next = at;
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << cheap[next].text;
}

// What does need one never costs this process anything, whatever it is.
TEST(Trial, ATableOfRandomPatternsIsOpenedAndAnswers) {
  PatternDice dice(2);
  std::string text;
  for (int i = 0; i < 200; ++i) text += "/" + dice.pattern(false) + "/ X\n";
  const auto table =
      compiler::compile_text(rules::Dialect::regexp, "t", text + "/(safe)/ FOUND\n", {false, ""});
  EXPECT_GT(table.full->rules().size(), 20U);
}

}  // namespace
}  // namespace headgate::back
