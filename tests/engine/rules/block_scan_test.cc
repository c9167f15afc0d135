// Lines of a block against the same lines as texts of their own, for tables that are compiled and plans made by hand.
#include "engine/rules/block_scan.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/rules/evaluate.h"
#include "tests/engine/rules/fake_confirmer.h"

namespace headgate::rules {
namespace {

using Lines = std::vector<std::uint32_t>;

std::shared_ptr<const Program> compiled(Dialect dialect, std::string_view table) {
  return compiler::compile_text(dialect, "t", table, {}).full;
}

struct Answered {
  std::string value;  // "line N", or "none"
  std::vector<std::string> warnings;

  bool operator==(const Answered&) const = default;
};

Answered answer(const Program& program, Truth& truth) {
  Answered answered;
  const auto hit = evaluate(program, truth, [&](const Diagnostic& diagnostic) {
    answered.warnings.push_back(diagnostic.text);
  });
  answered.value = hit ? "line " + std::to_string(hit->rule->line) : "none";
  return answered;
}

// What each line of the block comes to, untouched ones included, is what it comes to alone.
void expect_same(const Program& program, std::string_view block) {
  Truth in_block(program, Path::scan);
  Truth alone(program, Path::confirm_only);
  Lines touched;
  in_block.scan_block(block, touched);
  EXPECT_TRUE(std::is_sorted(touched.begin(), touched.end()));
  EXPECT_TRUE(std::adjacent_find(touched.begin(), touched.end()) == touched.end());
  for (std::size_t begin = 0; begin < block.size();) {
    const std::size_t end = std::min(block.find('\n', begin), block.size());
    const std::string_view line = block.substr(begin, end - begin);
    const auto offset = static_cast<std::uint32_t>(begin);
    begin = end + 1;
    if (line.empty()) continue;
    Answered got{"none", {}};
    if (std::find(touched.begin(), touched.end(), offset) != touched.end()) {
      in_block.reset_to_line(offset, line);
      got = answer(program, in_block);
    }
    alone.reset(line);
    EXPECT_EQ(got, answer(program, alone)) << "line at " << offset << ": " << line;
  }
}

TEST(BlockScan, LinesKeepTheirMeaning) {
  constexpr const char* kTables[] = {
      "/^foo/ A\n/foo$/ B\n/^bar$/ C\n",
      "/\\Afoo/ A\n/foo\\z/ B\n/bar\\Z/ C\n/foo\\r?$/ D\n",
      "/^foo/m A\n/foo$/m B\n/^bar$/m C\n",
      "/foo$/E A\n/bar/A B\n",
      "/foo\\nbar/ A\n/foo\\s+bar/ B\n/foo.*bar/ C\n/o[^a]b/ D\n",
      "/(f)oo.*\\1/ A\n/\\bfoo\\b/ B\n/(?<=f)oo$/ C\n/^(?!foo)bar/ D\n",
      "/^$/ A\n/^.?$/ B\n/x*/ C\n",
      "!/foo/ A\n",
      "if /^foo/\n!/bar/ A\nendif\nif !/foo/\n/bar/ B\nendif\n",
      "if /^Subject:/\n/free/ A\n/^Subject:$/ B\nendif\n/^From:/ C\n",
      "if /^Subject:$/\n/./ A\nendif\nif /^From:(?= bar)/\n/./ B\nendif\n",
      "/[0-9]{3}/ A\n/^.{12,}$/ B\n/[#;]/ C\n",
      "/(a*)*b.*qqq/ A\n/foo/ B\n",
  };
  constexpr const char* kBlocks[] = {
      "foo\nbar\nxfoo\nfoox\nfoo\n",
      "foo\nbar",
      "bar\nfoo",
      "bar\nxfoo",
      "foo",
      "\n\nfoo\n\nbar\n\n",
      "foo bar\nfoo\nbar\nbar foo\nfoob\nf\noo\n",
      "xx\nfoo\r\nbar\r\nfoo \n",
      "xx\nSubject: free\nSubject:\nfree\nFrom: foo\nFrom: bar\nSubject: from: free\n",
      "Subject: free\nxSubject: free\nSubject:",
      "1\n12\n123\na\nthis is long enough\n#\n;",
  };
  for (const char* table : kTables) {
    for (const char* block : kBlocks) {
      SCOPED_TRACE(std::string(table) + "on\n" + block);
      expect_same(*compiled(Dialect::pcre, table), block);
    }
  }
  constexpr const char* kRegexps[] = {"/^foo/ A\n/foo$/ B\n/^bar$/m C\n", "/foo/!/bar/ A\n",
                                      "/[^f]oo/ A\n/^bar/!/foo$/ B\n!/o/ C\n"};
  for (const char* table : kRegexps) {
    for (const char* block : kBlocks) {
      SCOPED_TRACE(std::string(table) + "on\n" + block);
      expect_same(*compiled(Dialect::regexp, table), block);
    }
  }
}

// On a line longer than trusted PCRE2 itself says whether it runs into its limit.
TEST(BlockScan, LongLinesAreAskedFor) {
  const auto program = compiled(Dialect::pcre, "/foo.*bar.*baz.*qux/ A\n/a.*b.*c.*d.*e.*f/ B\n");
  const std::string lines = "short\n" + std::string(9'000, 'a') + "\nshort\n" +
                            std::string(300, 'a') + "\nfoo bar baz qux\n";
  expect_same(*program, lines);
  const auto guarded = compiled(Dialect::pcre, "if /a.*b.*c.*d.*e/\n/x/ A\nendif\n/x$/ B\n");
  std::string hostile = "x\n";
  for (const char c : {'a', 'b', 'c', 'd'}) hostile += std::string(90, c);
  expect_same(*guarded, hostile + "\nx\n" + hostile + "x\n");
}

struct Plain {
  ProgramParts parts;

  explicit Plain(std::uint32_t patterns) {
    for (std::uint32_t id = 0; id < patterns; ++id) {
      Pattern pattern;
      pattern.reference = std::make_shared<FakeConfirmer>(match::Answer::yes);
      parts.patterns.push_back(pattern);
    }
    parts.plan.ready = parts.plan.blocks = true;
  }

  [[nodiscard]] std::vector<std::vector<std::uint32_t>> candidates(std::string_view block) const {
    const Program program(parts);
    match::Scratch scratch;
    BlockScan scan(program, scratch);
    Lines touched;
    scan.scan(block, false, touched);
    std::vector<std::vector<std::uint32_t>> all;
    for (const std::uint32_t line : touched) {
      const auto found = scan.candidates(line);
      all.emplace_back(found.begin(), found.end());
      all.back().insert(all.back().begin(), line);
    }
    return all;
  }
};

TEST(BlockScan, GatesOpenLineByLine) {
  Plain plain(3);
  Gate needs_x;
  needs_x.all = match::symbol_of('x');
  Gate needs_digit;
  needs_digit.any[0] = match::symbol_of('1') | match::symbol_of('2');
  Gate long_enough;
  long_enough.least_bytes = 4;
  plain.parts.plan.block.gated = {{needs_x, 0}, {needs_digit, 1}, {long_enough, 2}};
  using All = std::vector<std::vector<std::uint32_t>>;
  EXPECT_EQ(plain.candidates("ab\nax\na1\nabcd\n\nx2xx\n"),
            (All{{0}, {3, 0}, {6, 1}, {9, 2}, {15, 0, 1, 2}}));
}

TEST(BlockScan, TheDoubtedAreCandidatesOfLongLines) {
  Plain plain(2);
  plain.parts.plan.block.doubts = {{3, 1}, {5, 0}};
  using All = std::vector<std::vector<std::uint32_t>>;
  EXPECT_EQ(plain.candidates("abcd\nabc\n\nabcdef\nabcde\nabc\nabcd"),
            (All{{0, 1}, {10, 1, 0}, {17, 1}, {27, 1}}));
}

TEST(BlockScan, ADoubtHoldsWhereItsGateIsOpen) {
  Plain plain(1);
  Gate needs_x;
  needs_x.all = match::symbol_of('x');
  plain.parts.plan.block.doubts = {{3, 0, needs_x, 6}};
  using All = std::vector<std::vector<std::uint32_t>>;
  EXPECT_EQ(plain.candidates("abcd\nabcx\nx\nabcdef\nabcdefg\n"), (All{{0}, {5, 0}, {19, 0}}));
}

TEST(BlockScan, RowsNameTheirPatterns) {
  Plain plain(2);
  const auto step = [](char c) {
    return match::Step{std::bitset<256>().set(static_cast<unsigned char>(c))};
  };
  plain.parts.plan.block_rows = {{1, {step('a'), step('b')}}, {0, {step('\n'), step('b')}}};
  using All = std::vector<std::vector<std::uint32_t>>;
  EXPECT_EQ(plain.candidates("ab\nba\nb\nxab"), (All{{0, 1}, {3, 0}, {6, 0}, {8, 1}}));
}

TEST(BlockScan, WithoutAPlanEveryLineIsTouched) {
  Plain plain(1);
  plain.parts.plan.ready = false;
  const Program program(plain.parts);
  match::Scratch scratch;
  BlockScan scan(program, scratch);
  Lines touched;
  scan.scan("a\n\nb\nc", false, touched);
  EXPECT_FALSE(scan.knows());
  EXPECT_EQ(touched, (Lines{0, 2, 3, 5}));
}

// Lines may be asked for out of order, and again.
TEST(BlockScan, CandidatesInAnyOrder) {
  const auto program = compiled(Dialect::pcre, "/foo/ A\n/bar/ B\n");
  match::Scratch scratch;
  for (const Scan& scan : program->plan().scans) ASSERT_TRUE(scan.scanner->reserve(scratch));
  BlockScan scan(*program, scratch);
  Lines touched;
  scan.scan("x\nfoo\ny\nfoo bar\nz\nbar\n", false, touched);
  EXPECT_EQ(touched, (Lines{0, 2, 8, 18}));
  EXPECT_EQ(scan.candidates(18).size(), 1U);
  EXPECT_EQ(scan.candidates(2).size(), 1U);
  EXPECT_EQ(scan.candidates(8).size(), 2U);
  EXPECT_EQ(scan.candidates(8).size(), 2U);
  EXPECT_TRUE(scan.candidates(6).empty());
  EXPECT_TRUE(scan.candidates(16).empty());
  EXPECT_EQ(scan.candidates(18).size(), 1U);
}

}  // namespace
}  // namespace headgate::rules
