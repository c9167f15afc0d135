#include "engine/mail/splitter.h"

#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace headgate::mail {
namespace {

// Records as text: a chunk with more to follow ends in '+', a whole line in '.'.
struct Collector {
  std::vector<std::string> records;

  void record(std::string_view bytes, bool continued) {
    records.push_back(std::string(bytes) + (continued ? '+' : '.'));
  }
};

using Records = std::vector<std::string>;

Records split(std::string_view bytes, std::size_t limit, LineEnd line_end,
              std::size_t piece_bytes) {
  Splitter splitter(limit, line_end);
  Collector out;
  for (std::size_t at = 0; at < bytes.size(); at += piece_bytes)
    splitter.feed(bytes.substr(at, piece_bytes), out);
  splitter.end(out);
  return out.records;
}

struct Case {
  std::string bytes;
  std::size_t limit;
  LineEnd line_end;
  Records records;

  friend void PrintTo(const Case& c, std::ostream* out) {
    *out << testing::PrintToString(c.bytes) << " at " << c.limit;
  }
};

class Split : public testing::TestWithParam<Case> {};

// However the stream is cut into reads, the records are the same.
TEST_P(Split, DoesNotDependOnTheReads) {
  const Case& c = GetParam();
  for (std::size_t piece = 1; piece <= c.bytes.size() + 1; ++piece) {
    EXPECT_EQ(split(c.bytes, c.limit, c.line_end, piece), c.records) << "reads of " << piece;
  }
}

constexpr auto kLf = LineEnd::lf;
constexpr auto kCrlf = LineEnd::crlf_or_lf;

INSTANTIATE_TEST_SUITE_P(
    Streams, Split,
    testing::Values(
        Case{"", 4, kLf, {}}, Case{"\n", 4, kLf, {"."}}, Case{"a\n\nb", 4, kLf, {"a.", ".", "b."}},
        Case{"a\nb\n", 4, kLf, {"a.", "b."}}, Case{"abc\n", 4, kLf, {"abc."}},
        // exactly the limit: a chunk and an empty rest (trap 54)
        Case{"abcd\n", 4, kLf, {"abcd+", "."}}, Case{"abcd", 4, kLf, {"abcd+", "."}},
        Case{"abcde\n", 4, kLf, {"abcd+", "e."}},
        Case{"abcdefgh\nx", 4, kLf, {"abcd+", "efgh+", ".", "x."}},
        Case{"abcdefghi", 4, kLf, {"abcd+", "efgh+", "i."}},
        // whole lines, for postmap
        Case{"abcdefghi\nx\n\n", 0, kLf, {"abcdefghi.", "x.", "."}}, Case{"", 0, kLf, {}},
        Case{"a\r\nb\r", 0, kLf, {"a\r.", "b\r."}},
        Case{std::string("a\0b\n", 4), 4, kLf, {std::string("a\0b.", 4)}},
        // CR
        Case{"a\r\nb\r\n", 4, kCrlf, {"a.", "b."}}, Case{"a\r\r\nb", 4, kCrlf, {"a.", "b."}},
        Case{"a\rb\r\n", 4, kCrlf, {"a\rb."}}, Case{"abc\r\nd", 4, kCrlf, {"abc.", "d."}},
        Case{"abcd\r\nd", 4, kCrlf, {"abcd+", ".", "d."}},
        Case{"abc\rd\n", 4, kCrlf, {"abc\r+", "d."}}, Case{"abc\rd\n", 4, kLf, {"abc\r+", "d."}},
        Case{"abc\r", 4, kCrlf, {"abc\r."}}, Case{"abc\r\n", 0, kCrlf, {"abc."}}));

// Takes lines together as long as none of them holds an x; they are told apart by a '*'.
struct Together : Collector {
  std::size_t lines(std::string_view lines) {
    const std::size_t taken = lines_before(lines, lines.find('x')).size();
    each_line(lines.substr(0, taken),
              [this](std::string_view line) { records.push_back(std::string(line) + '*'); });
    return taken;
  }
};

Records split_together(std::string_view bytes, std::size_t limit, LineEnd line_end) {
  Splitter splitter(limit, line_end);
  Together out;
  splitter.feed(bytes, out);
  splitter.end(out);
  return out.records;
}

TEST(Splitter, GivesWholeLinesTogether) {
  EXPECT_EQ(split_together("a\n\nb\nx\nc\nd", 4, kLf),
            (Records{"a*", "*", "b*", "x.", "c*", "d."}));
  EXPECT_EQ(split_together("x\nx\na\nx", 4, kLf), (Records{"x.", "x.", "a*", "x."}));
  EXPECT_EQ(split_together("a\nabcd\nabc\nabcde\nb\n", 4, kLf),
            (Records{"a*", "abcd+", ".", "abc*", "abcd+", "e.", "b*"}));
  EXPECT_EQ(split_together("abcdefgh\nb\n", 0, kLf), (Records{"abcdefgh*", "b*"}));
  EXPECT_EQ(split_together("a\r\nb\n", 4, kCrlf), (Records{"a.", "b."}))
      << "what ends a line must be looked for";
}

TEST(Splitter, GivesNoRestOfALineTogether) {
  Splitter splitter(4);
  Together out;
  splitter.feed("a\nb", out);
  splitter.feed("c\nd\n", out);
  splitter.feed("abcd", out);
  splitter.feed("\ne\n", out);
  splitter.end(out);
  EXPECT_EQ(out.records, (Records{"a*", "bc.", "d*", "abcd+", ".", "e*"}));
}

TEST(Splitter, HoldsNoMoreThanOneChunk) {
  struct Counter {
    std::size_t records = 0, longest = 0;

    void record(std::string_view bytes, bool) {
      ++records;
      longest = std::max(longest, bytes.size());
    }
  } counter;

  Splitter splitter(2048);
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 30; ++i) splitter.feed(block, counter);
  splitter.end(counter);
  EXPECT_EQ(counter.longest, 2048U);
  EXPECT_EQ(counter.records, 30U * 512 + 1);
}

}  // namespace
}  // namespace headgate::mail
