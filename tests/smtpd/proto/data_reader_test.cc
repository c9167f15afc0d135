#include "smtpd/proto/data_reader.h"

#include <gtest/gtest.h>

namespace headgate::proto {
namespace {

struct Outcome {
  std::string content;
  std::size_t consumed = 0;
  bool done = false;
  bool bare = false;
  std::optional<std::uint64_t> bare_at;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& os, const Outcome& o) {
  return os << testing::PrintToString(o.content) << " consumed " << o.consumed << " done " << o.done
            << " bare " << o.bare << " at " << testing::PrintToString(o.bare_at);
}

// Feeds `wire` in pieces of the given sizes, round and round.
Outcome read(BareNewline mode, std::string_view wire, const std::vector<std::size_t>& pieces,
             bool bare_command = false) {
  DataReader reader(mode, bare_command);
  Outcome outcome;
  std::size_t piece = 0;
  while (outcome.consumed < wire.size() && !reader.done()) {
    const std::string_view part = wire.substr(outcome.consumed, pieces[piece++ % pieces.size()]);
    const std::size_t taken = reader.feed(part, outcome.content);
    outcome.consumed += taken;
    if (taken < part.size()) break;
  }
  outcome.done = reader.done();
  outcome.bare = reader.saw_bare_newline();
  outcome.bare_at = reader.bare_newline_at();
  EXPECT_EQ(reader.wire_bytes(), outcome.consumed);
  EXPECT_EQ(reader.content_bytes(), outcome.content.size());
  return outcome;
}

Outcome whole(BareNewline mode, std::string_view wire) {
  return read(mode, wire, {wire.size() + 1});
}

TEST(DataReader, LinesDotsAndTheEnd) {
  const Outcome outcome = whole(BareNewline::normalize, "a\r\n..b\r\n.c\r\n\r\n.\r\nQUIT\r\n");
  EXPECT_EQ(outcome.content, "a\n.b\nc\n\n");
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.consumed, 17U);
  EXPECT_FALSE(outcome.bare);
  EXPECT_EQ(whole(BareNewline::normalize, ".\r\nQUIT"),
            (Outcome{"", 3, true, false, std::nullopt}));
}

TEST(DataReader, WhereTheFirstBareNewlineIs) {
  const std::pair<const char*, std::optional<std::uint64_t>> rows[] = {
      {"a\r\nb\r\n.\r\n", std::nullopt},
      {"abc\r\nde\nf\n\r\n.\r\n", 6},
      {"\n", 0},
      {"ab\r\n.\n", 3},  // the dot is dropped
      {"ab\r\n..c\n", 5},
  };
  for (const auto& [wire, at] : rows)
    EXPECT_EQ(whole(BareNewline::reject, wire).bare_at, at) << wire;
}

TEST(DataReader, CarriageReturns) {
  EXPECT_EQ(whole(BareNewline::normalize, "a\r\r\r\nb\rc\r\n\rd\r\n\r\r\n.\r\n").content,
            "a\r\r\nb\rc\n\rd\n\r\n");  // one goes with the newline, as with Postfix
  EXPECT_EQ(whole(BareNewline::no, "a\r\r\r\nb\rc\r\n\rd\r\n\r\r\n.\r\n").content,
            "a\nb\rc\n\rd\n\n");
  EXPECT_EQ(whole(BareNewline::normalize, "\r.\r\n.\r\n").content, "\r.\n");
  EXPECT_EQ(whole(BareNewline::normalize, ".\rx\r\n.\r\n").content, "\rx\n");
}

struct Smuggle {
  std::string_view wire;  // the end of data in question, then a second "command" line
  bool ends_no;           // ends the message in mode no
  std::string_view
      content_strict;  // what normalize and reject keep; "Q" below is behind the smuggled end
  bool bare;
};

// What a sending server might pass on as data and a receiving one might take for the end.
TEST(DataReader, SmugglingCorpus) {
  const Smuggle corpus[] = {
      {"a\n.\nQ\r\n.\r\n", true, "a\nQ\n", true},             // LF.LF
      {"a\n.\r\nQ\r\n.\r\n", true, "a\nQ\n", true},           // LF.CRLF
      {"a\r\n.\nQ\r\n.\r\n", true, "a\nQ\n", true},           // CRLF.LF
      {"a\r.\r\nQ\r\n.\r\n", false, "a\r.\nQ\n", false},      // CR.CRLF: a bare CR ends no line
      {"a\r.\rQ\r\n.\r\n", false, "a\r.\rQ\n", false},        // CR.CR
      {"a\r\n.\rQ\r\n.\r\n", false, "a\n\rQ\n", false},       // CRLF.CR
      {"a\r\n.\r\r\nQ\r\n.\r\n", true, "a\n\r\nQ\n", false},  // CRLF.CRCRLF: a stuffed CR
      {"a\n..\nQ\r\n.\r\n", false, "a\n.\nQ\n", true},
  };
  for (const Smuggle& s : corpus) {
    for (const BareNewline mode : {BareNewline::normalize, BareNewline::reject}) {
      const Outcome strict = whole(mode, s.wire);
      EXPECT_EQ(strict.content, s.content_strict) << testing::PrintToString(s.wire);
      EXPECT_TRUE(strict.done) << testing::PrintToString(s.wire);
      EXPECT_EQ(strict.consumed, s.wire.size()) << testing::PrintToString(s.wire);
      EXPECT_EQ(strict.bare, s.bare) << testing::PrintToString(s.wire);
    }
    EXPECT_EQ(whole(BareNewline::no, s.wire).consumed < s.wire.size(), s.ends_no)
        << testing::PrintToString(s.wire);
  }
}

TEST(DataReader, NulBeforeTheDotIsContent) {
  const std::string_view wire("a\r\n\0.\r\nb\r\n.\r\n", 14);
  EXPECT_EQ(whole(BareNewline::normalize, wire).content, std::string("a\n\0.\nb\n", 7));
}

TEST(DataReader, BareEndedDataCommand) {
  EXPECT_EQ(read(BareNewline::normalize, ".\r\nx\r\n.\r\n", {100}, true).content, "x\n");
  EXPECT_EQ(read(BareNewline::normalize, ".\r\nx\r\n.\r\n", {100}, false).content, "");
}

TEST(DataReader, HeldReturnsAreBounded) {
  const std::size_t limit = DataReader::kMaxHeldCarriageReturns;
  EXPECT_EQ(whole(BareNewline::no, std::string(limit, '\r') + "\n").content, "\n");
  EXPECT_EQ(whole(BareNewline::no, std::string(limit + 3, '\r') + "\n").content, "\r\r\r\n");
  EXPECT_EQ(whole(BareNewline::no, std::string(5000, '\r') + "x\n").content,
            std::string(5000, '\r') + "x\n");
  EXPECT_EQ(whole(BareNewline::no, "." + std::string(limit + 1, '\r') + "\nx").content, "\r\nx");
}

std::string chunks(BareNewline mode, const std::vector<std::string>& parts) {
  DataReader reader(mode, false, Framing::chunks);
  std::string out;
  for (const std::string& part : parts) {
    EXPECT_EQ(reader.feed(part, out), part.size());
    EXPECT_FALSE(reader.done());
  }
  reader.finish(out);
  EXPECT_EQ(reader.content_bytes(), out.size());
  return out;
}

TEST(DataReader, InChunksNoDotMeansAnything) {
  for (const BareNewline mode : {BareNewline::no, BareNewline::normalize, BareNewline::reject}) {
    EXPECT_EQ(chunks(mode, {"a\r\n.\r\n..b\r\n", ".\r\n"}), "a\n.\n..b\n.\n");
    EXPECT_EQ(chunks(mode, {"a\r", "\nb\r"}), "a\nb\r");  // a line end, a line over two chunks
    EXPECT_EQ(chunks(mode, {".\n", ".\r"}), ".\n.\r");
    EXPECT_EQ(chunks(mode, {}), "");
  }
  EXPECT_EQ(chunks(BareNewline::no, {"a\r\r", "\n"}), "a\n");
  EXPECT_EQ(chunks(BareNewline::normalize, {"a\r\r", "\n"}), "a\r\n");
}

TEST(DataReader, Modes) {
  EXPECT_EQ(bare_newline_mode("no"), BareNewline::no);
  EXPECT_EQ(bare_newline_mode("Reject"), BareNewline::reject);
  EXPECT_EQ(bare_newline_mode("yes"), BareNewline::normalize);
  EXPECT_EQ(bare_newline_mode("typo"), BareNewline::normalize);
}

// Every string of up to seven of the bytes that matter, cut in every regular way, in every mode.
TEST(DataReader, AnyChunkingGivesTheSame) {
  constexpr std::string_view kAlphabet = "\r\n.x";
  const std::vector<std::vector<std::size_t>> cuts = {{1}, {2}, {3}, {1, 2}, {2, 1, 3}, {4, 1}};
  for (std::size_t length = 0; length <= 7; ++length) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < length; ++i) count *= kAlphabet.size();
    for (std::size_t n = 0; n < count; ++n) {
      std::string wire;
      for (std::size_t i = 0, rest = n; i < length; ++i, rest /= kAlphabet.size())
        wire += kAlphabet[rest % kAlphabet.size()];
      for (const BareNewline mode : {BareNewline::no, BareNewline::normalize}) {
        const Outcome expected = whole(mode, wire);
        ASSERT_LE(expected.content.size(), wire.size());
        for (const auto& cut : cuts)
          ASSERT_EQ(read(mode, wire, cut), expected) << testing::PrintToString(wire);
      }
    }
  }
}

}  // namespace
}  // namespace headgate::proto
