// Patterns and the row of bytes that every match of them has; and, at random, that every match has it.
#include "compiler/analyse/byte_row.h"

#include <gtest/gtest.h>

#include "compiler/analyse/look_ahead.h"
#include "engine/match/confirm_pcre2.h"
#include "engine/match/scratch.h"
#include "engine/match/shift_and.h"
#include "tests/compiler/analyse/random_patterns.h"

namespace headgate::analyse {
namespace {

// "[a-c]", "x" for a set of one; letters in small where both cases are meant.
std::string told(const ByteSet& set) {
  std::string out;
  std::size_t members = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!set.test(byte) || (byte >= 'A' && byte <= 'Z' && set.test(byte + 32))) continue;
    unsigned last = byte;
    while (last < 255 && set.test(last + 1) && last + 1 != 'A') ++last;
    const auto shown = [](unsigned b) {
      return b == '\n'              ? std::string("\\n")
             : b < 0x20 || b > 0x7e ? "#"
                                    : std::string(1, static_cast<char>(b));
    };
    out += shown(byte);
    if (last > byte + 1) out += "-" + shown(last);
    if (last > byte) ++members;
    if (last == byte + 1) out += shown(last);
    byte = last;
    ++members;
  }
  return members == 1 ? out : "[" + out + "]";
}

std::string told(const ByteRow& row) {
  std::string out;
  for (const RowStep& step : row.steps) {
    out += told(step.byte);
    if (step.between.all())
      out += "..";
    else if (step.between.any())
      out += "(" + told(step.between) + ")";
  }
  return out;
}

ByteRow required_row(const Node& tree) {
  const auto rows = required_rows(tree, without_look_aheads(tree), 0, 1'000'000);
  return rows.empty() ? ByteRow{} : rows.front();
}

std::string row_of(const std::string& pattern) {
  return told(required_row(*parse_pcre(pattern, front::Flags{})));
}

TEST(ByteRow, OfPatterns) {
  struct Row {
    const char *pattern, *row;
  };

  const Row rows[] = {
      {"abc", "abc"},
      {"", ""},
      {"a*", ""},
      {"(?=abc)", ""},
      {"^abc$", "\\nabc\\n"},
      {"(^abc)", "\\nabc"},
      {"(?:^a|b)c", "[ab]c"},
      {"^ *a", "\\n( )a"},
      {"z.*q", "z..q"},
      {"z[;!]{0,3}q", "z([!;])q"},
      {"z+q", "z(z)q"},
      {"z{3}q", "zzzq"},
      {"z{2,}q", "zz(z)q"},
      {"(?:ab|cd)z", "[ac][bd]z"},
      {"(?:ab|c)z", "[ac](b)z"},
      {"(?:ab|)z", "z"},
      {"z(?:ab|c*)q", "z([a-c])q"},
      {"(z)q\\1x", "zq..x"},
      {"z(?>q)(?!a)\\bx", "zqx"},
      {"z\\nq", "z\\nq"},
      {"(?:z[0-1]){2}", "z[01]z[01]"},
  };
  for (const Row& row : rows) EXPECT_EQ(row_of(row.pattern), row.row) << row.pattern;
}

TEST(ByteRow, IsNoLongerThanARareRowMustBe) {
  const ByteRow rare = required_row(*parse_pcre("zqxjzqxjzqxjzqxjzqxjzqxj", front::Flags{}));
  EXPECT_LT(rare.steps.size(), 14U);
  const ByteRow common = required_row(*parse_pcre("[a-z0-9 ]{200}", front::Flags{}));
  EXPECT_EQ(common.steps.size(), kLongestRow);
  EXPECT_LT(cost_of(rare), cost_of(common));
}

TEST(ByteRow, IsNotBelievedRareWhereItIsShort) {
  const auto bits = [](const char* pattern) {
    return required_row(*parse_pcre(pattern, front::Flags{})).bits;
  };
  EXPECT_LT(bits("zq"), 8);
  EXPECT_GT(bits("zqxjzqxj"), 15);
  EXPECT_LT(bits("http"), bits("hpqt"))
      << "what follows one another often is no rarer for being long";
}

bool holds(const std::string& line, const ByteRow& row) {
  match::Row wanted;
  for (const RowStep& step : row.steps) wanted.push_back(match::Step{step.byte, step.between});
  bool found = false;
  const std::vector<match::Row> rows = {wanted};
  // The line stands between others, as in a block.
  match::ShiftAnd(rows).scan(
      "\n" + line + "\n",
      [](std::uint32_t, std::size_t end, void* at) {
        if (end > 1) *static_cast<bool*>(at) = true;
      },
      &found);
  return found;
}

TEST(ByteRow, IsInEveryMatch) {
  RandomPatterns generate(19);
  match::Scratch scratch;
  int matches = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string pattern = generate.branches(2);
    const Parsed tree = parse_pcre(pattern, front::Flags{});
    const auto engine = match::compile_pcre2(pattern, {});
    if (!tree || !engine) continue;
    const ByteRow row = required_row(*tree);
    if (row.steps.empty()) continue;
    for (int i = 0; i < 8; ++i) {
      std::string line = generate.text();
      std::erase(line, '\n');
      if ((*engine)->test(line, scratch, nullptr).answer != match::Answer::yes) continue;
      ++matches;
      EXPECT_TRUE(holds(line, row)) << pattern << " on " << line << " needs " << told(row);
    }
  }
  EXPECT_GT(matches, 5'000);
}

}  // namespace
}  // namespace headgate::analyse
