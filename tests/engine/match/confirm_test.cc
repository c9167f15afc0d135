#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "engine/match/confirm_pcre2.h"
#include "engine/match/confirm_posix.h"
#include "engine/match/scratch.h"

namespace headgate::match {
namespace {

Outcome ask_pcre2(const std::string& pattern, std::string_view text,
                  std::vector<Group>* groups = nullptr, const Pcre2Options& options = {}) {
  Scratch scratch;
  const auto compiled = compile_pcre2(pattern, options);
  return compiled ? (*compiled)->test(text, scratch, groups)
                  : Outcome{Answer::failed, compiled.error().text};
}

TEST(ConfirmPcre2, DefaultsArePostfixs) {
  struct Row {
    const char* pattern;
    std::string_view text;
    Answer answer;
  };

  for (const Row& row : {Row{"FOO", "a foo", Answer::yes}, Row{"a.b", "a\nb", Answer::yes},
                         Row{"^b", "a\nb", Answer::no}, Row{"a$", "a\n", Answer::yes},
                         Row{"^..$", "\xc3\xa9", Answer::yes}}) {
    EXPECT_EQ(ask_pcre2(row.pattern, row.text).answer, row.answer) << row.pattern;
  }
}

TEST(ConfirmPcre2, GivesCapturesAndLeavesTheOthersEmpty) {
  std::vector<Group> groups;
  ASSERT_EQ(ask_pcre2("(a)|(b)(c)?", "xb", &groups).answer, Answer::yes);
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_EQ(groups[1].begin, groups[1].end);
  EXPECT_EQ(groups[2].begin, 1U);
  EXPECT_EQ(groups[2].end, 2U);
  EXPECT_EQ(groups[3].begin, groups[3].end);
}

TEST(ConfirmPcre2, ErrorsCarryTheEnginesWords) {
  const auto broken = compile_pcre2("(", {});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().text, "error in regex at offset 1: missing closing parenthesis");
  EXPECT_EQ(broken.error().offset, 1U);
  const Outcome limit = ask_pcre2("(*LIMIT_MATCH=1)(a+)+$", "aaaab");
  EXPECT_EQ(limit.answer, Answer::failed);
  EXPECT_EQ(limit.error, "match limit exceeded");
}

// What another pattern needed of the heap is not this one's.
TEST(ConfirmPcre2, AHeapLimitIsThePatternsOwn) {
  Scratch scratch;
  const auto limited = compile_pcre2("(*LIMIT_HEAP=1)(?:a(b)?)*[cx]", {});
  const auto plain = compile_pcre2("(?:a(b)?)*[cx]", {});
  ASSERT_TRUE(limited && plain);
  std::string text(200, 'a');
  EXPECT_EQ((*limited)->test(text + 'd', scratch, nullptr).error, "heap limit exceeded");
  EXPECT_EQ((*plain)->test(text + 'd', scratch, nullptr).answer, Answer::no);
  EXPECT_EQ((*limited)->test(text + 'd', scratch, nullptr).error, "heap limit exceeded");
}

// The JIT of PCRE2 10.42 does not find this one; the interpreter does.
TEST(ConfirmPcre2, IsTheInterpreter) {
  EXPECT_EQ(ask_pcre2(R"((cialis|\b)\b[\s\S]+\b[\s\S]+)", "buy a lot").answer, Answer::yes);
}

TEST(ConfirmPcre2, OneScratchServesPatternsOfDifferentSizes) {
  Scratch scratch;
  const auto small = compile_pcre2("a", {});
  const auto large = compile_pcre2("(a)(b)(c)(d)", {});
  std::vector<Group> groups;
  EXPECT_EQ((*small)->test("a", scratch, &groups).answer, Answer::yes);
  EXPECT_EQ((*large)->test("abcd", scratch, &groups).answer, Answer::yes);
  EXPECT_EQ(groups[4].end, 4U);
  EXPECT_EQ((*small)->test("xa", scratch, &groups).answer, Answer::yes);
  EXPECT_EQ(groups.size(), 1U);
}

// Of the main thread's arena; 0 under a sanitizer, which has an allocator of its own.
std::size_t allocated_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(ConfirmPosix, IsLongestAndKnowsGnuEscapes) {
  Scratch scratch;
  const auto compiled = compile_posix(R"((a|ab)(\w*))", PosixOptions{}, 2);
  ASSERT_TRUE(compiled);
  std::vector<Group> groups;
  ASSERT_EQ((*compiled)->test("xABc", scratch, &groups).answer, Answer::yes);
  EXPECT_EQ(groups[0].begin, 1U);
  EXPECT_EQ(groups[0].end, 4U);
  EXPECT_EQ((*compiled)->group_count(), 2U);
}

TEST(ConfirmPosix, SubjectsNeedNoNul) {
  Scratch scratch;
  const auto compiled = compile_posix("b$", PosixOptions{true, true, false, true}, 0);
  ASSERT_TRUE(compiled);
  const std::string_view text = "abc";
  EXPECT_EQ((*compiled)->test(text.substr(0, 2), scratch, nullptr).answer, Answer::yes);
  EXPECT_EQ((*compiled)->test(text, scratch, nullptr).answer, Answer::no);
}

TEST(ConfirmPosix, ErrorsAreBare) {
  const auto broken = compile_posix("(", PosixOptions{}, 0);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().text, "Unmatched ( or \\(");
}

// Lines of a and b at random, and what `.*a.{20}b` finds in them: all up to the last b that stands 21 behind an a.
class Coins {
 public:
  std::string line() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += (dice_() & 1U) != 0 ? 'a' : 'b';
    return text;
  }

  static std::size_t end_of_match(const std::string& text) {
    for (std::size_t i = text.size(); i-- > 21;)
      if (text[i] == 'b' && text[i - 21] == 'a') return i + 1;
    return 0;
  }

 private:
  std::mt19937 dice_{1};
};

// glibc keeps each state of the automaton that a text has led it to: 150 MB for these.
TEST(ConfirmPosix, DoesNotGrowWithTheTexts) {
  const auto compiled = compile_posix(".*a.{20}b", PosixOptions{}, 1);
  ASSERT_TRUE(compiled);
  Scratch scratch;
  Coins coins;
  std::vector<Group> groups;
  const std::size_t before = allocated_bytes();
  std::size_t most = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string text = coins.line();
    const std::size_t end = Coins::end_of_match(text);
    const Outcome outcome = (*compiled)->test(text, scratch, &groups);
    ASSERT_EQ(outcome.answer, end > 0 ? Answer::yes : Answer::no) << text;
    if (end > 0) {
      ASSERT_EQ(groups[0].end, end) << text;
    }
    most = std::max(most, allocated_bytes() - std::min(before, allocated_bytes()));
  }
  EXPECT_LT(most, 40U << 20);
}

// In a process of its own: nothing but its end brings the first thread back.
[[noreturn]] void ask_beside_an_endless_text() {
  alarm(60);
  const auto compiled = compile_posix(R"(^(.*)(.*)(.*)(.*)\4\3\2\1!$)", PosixOptions{}, 4);
  std::atomic<bool> began = false;
  std::thread([&] {
    Scratch scratch;
    const std::string endless = std::string(400, 'a') + "!";
    began = true;
    (*compiled)->test(endless, scratch, nullptr);
    _exit(1);
  }).detach();
  while (!began) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds{50});  // most likely it is in regexec now
  Scratch scratch;
  _exit((*compiled)->test("abc", scratch, nullptr).answer == Answer::no ? 0 : 2);
}

TEST(ConfirmPosix, ATextThatDoesNotEndHoldsUpNobodyElse) {
  EXPECT_EXIT(ask_beside_an_endless_text(), testing::ExitedWithCode(0), "");
}

// In a process of its own, for a heap that all threads share and mallinfo counts. Two patterns take twice the bytes of one.
[[noreturn]] void keep_what_is_needed() {
  alarm(120);
  mallopt(M_ARENA_MAX, 1);
  Scratch scratch;
  const std::size_t before = allocated_bytes();
  const auto compiled =
      compile_posix(R"(^(.*)(.*)(.*)(.*)\4\3\2\1!$|(x{1,200}){1,10}z)", PosixOptions{}, 4);
  const std::size_t one = allocated_bytes() - before;
  const auto copies = [&] { return (allocated_bytes() - before + one / 2) / one; };

  std::atomic<bool> enough = false;
  std::thread other([&] {  // each text takes a second or so
    Scratch own;
    while (!enough) (*compiled)->test(std::string(20, 'a') + "!", own, nullptr);
  });
  while (copies() < 2) (*compiled)->test("abc", scratch, nullptr);
  enough = true;
  other.join();
  while (copies() > 1) (*compiled)->test(std::string(10, 'a') + "!", scratch, nullptr);
  _exit((*compiled)->test("abc", scratch, nullptr).answer == Answer::no ? 0 : 2);
}

TEST(ConfirmPosix, CopiesThatNobodyNeedsGo) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's heap is not counted";
#endif
  EXPECT_EXIT(keep_what_is_needed(), testing::ExitedWithCode(0), "");
}

// While one of them puts a new automaton in place, the others match.
TEST(ConfirmPosix, IsReplacedUnderSeveralThreads) {
  const auto compiled = compile_posix(".*a.{20}b", PosixOptions{}, 1);
  ASSERT_TRUE(compiled);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Scratch scratch;
      Coins coins;
      for (int i = 0; i < 40; ++i) {
        const std::string text = coins.line();
        const bool yes = (*compiled)->test(text, scratch, nullptr).answer == Answer::yes;
        if (yes != (Coins::end_of_match(text) > 0)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// The plan relies on it: where the byte is missing, PCRE2 does not even begin.
TEST(Pcre2, LooksForTheLastByteBeforeAnythingElse) {
  const auto engine = compile_pcre2("(a+)+(b*)+(a+)+;", {});
  ASSERT_TRUE(engine);
  EXPECT_EQ((*engine)->last_byte(), std::optional<unsigned char>(';'));
  Scratch scratch;
  EXPECT_EQ((*engine)->test(std::string(kLastByteReach, 'a'), scratch, nullptr).answer, Answer::no);
  EXPECT_EQ((*engine)->test(std::string(200, 'a') + "b c;", scratch, nullptr).answer,
            Answer::failed);
  EXPECT_EQ((*compile_pcre2("a*", {}))->last_byte(), std::nullopt);
}

}  // namespace
}  // namespace headgate::match
