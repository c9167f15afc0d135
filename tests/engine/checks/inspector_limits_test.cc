// Chunks, limits, odd bytes, and messages made to hurt.
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/checks/message_run.h"

namespace headgate::checks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// ---- chunked lines: each chunk is a key of its own (54, 56)

std::string chunked(const Rules& rules, std::string_view body) {
  MessageRun run;
  run.line_length_limit = 8;
  run.add(KeyClass::body, rules);
  run.run("A: 1\n\n" + std::string(body));
  return run.kept.substr(6);
}

TEST(Chunks, AreLookedUpOneByOne) {
  MessageRun run;
  run.line_length_limit = 8;
  auto* body = run.add(KeyClass::body, Rules{});
  run.run("A: 1\n\n12345678\n12345678abc\n");
  EXPECT_THAT(body->keys, ElementsAre("12345678", "12345678", "abc"));
  EXPECT_EQ(run.kept, "A: 1\n\n12345678\n12345678abc\n");
}

TEST(Chunks, ReplaceKeepsTheLineGoingOn) {
  EXPECT_EQ(chunked({{"aaaa", "REPLACE X"}}, "aaaaaaaabbbbbbbbcc\n"), "Xbbbbbbbbcc\n");
  EXPECT_EQ(chunked({{"cc", "REPLACE X"}}, "aaaaaaaabbbbbbbbcc\n"), "aaaaaaaabbbbbbbbX\n");
}

TEST(Chunks, PrependJoinsTheChunkBefore) {
  EXPECT_EQ(chunked({{"bbbb", "PREPEND X"}}, "aaaaaaaabbbbbbbbcc\n"), "aaaaaaaaX\nbbbbbbbbcc\n");
  EXPECT_EQ(chunked({{"aaaa", "PREPEND X"}}, "aaaaaaaabbbbbbbbcc\n"), "X\naaaaaaaabbbbbbbbcc\n");
}

TEST(Chunks, IgnoreTakesTheChunkOnly) {
  EXPECT_EQ(chunked({{"bbbb", "IGNORE"}}, "aaaaaaaabbbbbbbbcc\n"), "aaaaaaaacc\n");
  EXPECT_EQ(chunked({{"cc", "IGNORE"}}, "aaaaaaaabbbbbbbbcc\nnext\n"), "aaaaaaaabbbbbbbbnext\n");
}

TEST(Chunks, HeadersAreOneKeyAndOneLine) {
  MessageRun run;
  run.line_length_limit = 7;
  auto* header = run.add(KeyClass::header, Rules{});
  run.run("Subject: one two\n three four five\n\n");
  EXPECT_THAT(header->keys, IsEmpty());  // the colon must stand in the first chunk
  MessageRun wider;
  wider.line_length_limit = 10;
  header = wider.add(KeyClass::header, Rules{});
  wider.run("Subject: one two\n three four five\n\n");
  EXPECT_THAT(header->keys, ElementsAre("Subject: one two\n three four five"));
  EXPECT_EQ(wider.kept, "Subject: one two\n three four five\n\n");
}

// ---- limits

// 4.4: a record is looked up when it starts below the limit; every segment has its own allowance.
TEST(BodyLimit, CountsFromEachSegmentsStart) {
  MessageRun run;
  run.limits.body_checks_size_limit = 20;
  auto* body = run.add(KeyClass::body, Rules{});
  run.run(
      "Content-Type: multipart/x; boundary=b\n\n0123456789\n0123456789\nbeyond\n--b\nX: y\n\nfresh "
      "1\nfresh 2 \nlast\n"
      "gone\n--b--\nepilogue 1\nepilogue 2\ngone\n");
  EXPECT_THAT(body->keys, ElementsAre("0123456789", "0123456789", "fresh 1", "fresh 2 ", "last",
                                      "--b--", "epilogue 1", "epilogue 2"));
}

TEST(BodyLimit, ZeroIsNone) {
  MessageRun run;
  run.limits.body_checks_size_limit = 0;
  run.add(KeyClass::body, {{"deep", "REJECT"}});
  std::string message = "A: 1\n\n";
  for (int i = 0; i < 20000; ++i) message += "some line of text\n";
  run.run(message + "deep\n");
  EXPECT_EQ(run.verdict.disposition, Disposition::reject);
}

// 4.3: a line that starts beyond 90 % of the limit goes whole, else the text is cut.
TEST(HeaderLimit, CutsNicelyWhereItCan) {
  MessageRun run;
  run.limits.header_size_limit = 50;
  run.run("Subject: " + std::string(60, 'a') + "\n " + std::string(10, 'b') +
          "\nX-Y: 12345678901234567890\n" +
          " 12345678901234567890\n 123\n 12345678901234567890\n 12345\n\nbody\n");
  EXPECT_EQ(run.kept, "Subject: " + std::string(41, 'a') +
                          "\nX-Y: 12345678901234567890\n 12345678901234567890\n\nbody\n");
}

TEST(HeaderLimit, TheKeyMayExceedItByAPiece) {
  MessageRun run;
  run.limits.header_size_limit = 10;
  auto* header = run.add(KeyClass::header, Rules{});
  run.run("A: 123\n 456789\n lost\n\n");
  EXPECT_THAT(header->keys, ElementsAre("A: 123\n 456789"));
}

TEST(Replace, NeverMakesALineThatLooksLikeAHeader) {
  MessageRun run;
  run.add(KeyClass::header, {{"A:", "REPLACE B: 1\nC: 2\n d"}, {"P:", "PREPEND Q: 1\nR: 2"}});
  run.run("A: 1\nP: 1\n\n");
  EXPECT_EQ(run.kept, "B: 1\n\tC: 2\n d\nQ: 1\n\tR: 2\nP: 1\n\n");
}

// ---- odd bytes

TEST(OddBytes, StrayCrAndLfBecomeSpaces) {
  MessageRun run;
  auto* header = run.add(KeyClass::header, Rules{});
  auto* body = run.add(KeyClass::body, Rules{});
  run.run("Sub: a\rb\n\nbo\rdy\r\n");
  EXPECT_THAT(header->keys, ElementsAre("Sub: a b"));
  EXPECT_THAT(body->keys, ElementsAre("bo dy "));
  MessageRun off;
  off.limits.replace_stray_cr_lf = false;
  header = off.add(KeyClass::header, Rules{});
  off.run("Sub: a\rb\n\nbo\rdy\n");
  EXPECT_THAT(header->keys, ElementsAre("Sub: a\rb"));
}

TEST(OddBytes, NulCutsAHeaderForGoodAndABodyLineForMatching) {
  MessageRun run;
  auto* header = run.add(KeyClass::header, Rules{});
  auto* body = run.add(KeyClass::body, Rules{});
  run.run(std::string_view("A: 1\0x\n y\0z\n\nb\0c\n\0d\n", 20));
  EXPECT_THAT(header->keys, ElementsAre("A: 1\n y"));
  EXPECT_THAT(body->keys, ElementsAre("b"));
  EXPECT_EQ(run.kept, std::string_view("A: 1\n y\n\nb\0c\n\0d\n", 16));
}

TEST(OddBytes, AMessageWithoutHeadersGetsItsEmptyLine) {
  MessageRun run;
  run.run("no header here\nA: 1\n");
  EXPECT_EQ(run.kept, "\nno header here\nA: 1\n");
}

// ---- bounded memory, whatever the message

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// Counts what is kept and holds none of it.
class Counter final : public Sink, public ActionObserver {
 public:
  void record(std::string_view bytes, bool) override { total += bytes.size(); }

  void on_action(const ActionTaken&) override {}

  void on_warning(std::string_view) override {}

  std::size_t total = 0;
};

std::size_t stream(std::string_view head, std::string_view block, int times) {
  CheckSet checks;
  checks.header->tables.push_back(std::make_unique<support::FakeLookup>(
      "fake:none",
      [](std::string_view) -> Result<std::optional<std::string>> { return std::nullopt; }));
  Counter counter;
  Inspector inspector(checks, Limits(), counter, counter);
  mail::Splitter splitter(2048);
  splitter.feed(head, inspector);
  for (int i = 0; i < times; ++i) splitter.feed(block, inspector);
  splitter.end(inspector);
  inspector.end();
  return counter.total;
}

TEST(Memory, DoesNotGrowWithTheMessage) {
  const std::string line = std::string(69, 'x') + '\n';
  std::string block;
  while (block.size() < 1 << 20) block += line;
  const long before = peak_kilobytes();
  EXPECT_GT(stream("A: 1\n\n", block, 30), 29U << 20);               // a 30 MB body
  stream("A: 1\n\n", std::string(1 << 20, 'y'), 30);                 // one line of 30 MB
  EXPECT_LE(stream("A: ", std::string(1 << 20, 'z'), 30), 102400U);  // one header of 30 MB
  EXPECT_LE(stream("A: 1\n", " " + std::string(1 << 20, 'f') + "\n", 30),
            102400U);  // one folded one
  EXPECT_LT(peak_kilobytes() - before, 16 << 10);
}

TEST(Memory, DoesNotGrowWithMimeLevels) {
  std::string message = "Content-Type: multipart/mixed; boundary=b0\n\n";
  for (int level = 1; level <= 5000; ++level) {
    message +=
        fmt::format("--b{}\nContent-Type: multipart/mixed; boundary=b{}\n\n", level - 1, level);
  }
  MessageRun run;
  run.run(message + "--b5000\nX: 1\n\nend\n");
  EXPECT_EQ(run.kept.size(), message.size() + 18);
  EXPECT_EQ(run.verdict.disposition, Disposition::accept);
}

}  // namespace
}  // namespace headgate::checks
