#include "smtpd/bench/advice.h"

#include "compiler/compile.h"

namespace headgate::bench {
namespace {

using rules::Dialect;

std::shared_ptr<const rules::Program> program_of(const std::string& text,
                                                 Dialect dialect = Dialect::pcre) {
  compiler::CompileOptions options;
  options.use_hyperscan = false;
  return compiler::compile_text(dialect, "table", text, options).full;
}

// "GUARD first-last" of each candidate.
std::vector<std::string> found(const std::string& text, Dialect dialect = Dialect::pcre) {
  std::vector<std::string> out;
  for (const Candidate& one : grouping_candidates(*program_of(text, dialect), TableText(text)))
    out.push_back(one.edit.guard + ' ' + std::to_string(one.edit.first_line) + '-' +
                  std::to_string(one.edit.last_line));
  return out;
}

std::string rules(const std::string& beginning, int count, const std::string& flags = "") {
  std::string out;
  for (int i = 0; i < count; ++i)
    out += '/' + beginning + "w" + std::to_string(i) + '/' + flags + " REJECT\n";
  return out;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Advice, ConsecutiveRulesOfOneHeader) {
  EXPECT_THAT(found("/x/ REJECT\n" + rules("^Subject:.*", 5)), ElementsAre("/^Subject:/ 2-6"));
  EXPECT_THAT(found(rules("^Subject:.*", 5), Dialect::regexp), ElementsAre("/^Subject:/ 1-5"));
}

TEST(Advice, TheLargestFirst) {
  EXPECT_THAT(found(rules("^From:.*", 4) + rules("^Subject:.*", 6)),
              ElementsAre("/^Subject:/ 5-10", "/^From:/ 1-4"));
}

TEST(Advice, OtherBeginningsNeedMoreRules) {
  EXPECT_THAT(found(rules("click here ", 7)), IsEmpty());
  EXPECT_THAT(found(rules("click here ", 8)), ElementsAre("/click/ 1-8"));
  EXPECT_THAT(found(rules("a\\/b\\.c ", 8)), ElementsAre("/a\\/b\\.c/ 1-8"));
}

TEST(Advice, FlagsGoIntoTheGuard) {
  EXPECT_THAT(found(rules("^Subject:.*", 4, "i")), ElementsAre("/^Subject:/i 1-4"));
  EXPECT_THAT(found(rules("^Subject:.*", 3) + rules("^Subject:.*", 3, "i")), IsEmpty());
  EXPECT_THAT(found(rules("^Subject:.*", 6, "x")), IsEmpty());
}

// Each of these between the rules could change a verdict, or what the mark says.
TEST(Advice, NothingGoesAcross) {
  const std::string half = rules("^Subject:.*", 3);
  for (const std::string between :
       {"/^Subject:a|b/ REJECT\n", "!/^Subject:.*w/ REJECT\n", "#@emergency\n/^Subject:.*e/ X\n",
        "if /y/\n/z/ REJECT\nendif\n", "/^Subject:?x/ REJECT\n", "/^Subject:*x/ REJECT\n",
        "/\\Q^Subject:|\\E/ REJECT\n", "/(*ACCEPT)^Subject:x/ REJECT\n", "/x^Subject:/ REJECT\n"})
    EXPECT_THAT(found(half + between + half), IsEmpty()) << between;
  EXPECT_THAT(found("if /y/\n" + half + "endif\n" + half), IsEmpty());
}

TEST(Advice, NotAgainInAGroupThatSaysSo) {
  EXPECT_THAT(found("if /^subject:/\n" + rules("^Subject:.*", 5) + "endif\n"), IsEmpty());
  EXPECT_THAT(found("if /^X-Spam: yes/\n" + rules("^Subject:.*", 5) + "endif\n"),
              ElementsAre("/^Subject:/ 2-6"));
}

TEST(Advice, CertainBeginnings) {
  const auto beginning = [](const std::string& pattern) {
    const auto program = program_of('/' + pattern + "/ REJECT\n");
    return certain_beginning(program->patterns().at(0)).value_or("none");
  };
  EXPECT_EQ("^Subject:", beginning("^Subject:.*x"));
  EXPECT_EQ("^Subject: a", beginning("^Subject: a(b|c)"));
  EXPECT_EQ("ab", beginning("abc?d"));
  EXPECT_EQ("ab", beginning("abc{0,2}"));
  EXPECT_EQ("none", beginning("(a|b)c"));
  EXPECT_EQ("none", beginning("abc|abd"));
  EXPECT_EQ("none", beginning("\\babc"));
  EXPECT_EQ("none", beginning("[a]b"));
  EXPECT_EQ("a\\.b", beginning("a\\.b\\d"));
}

}  // namespace
}  // namespace headgate::bench
