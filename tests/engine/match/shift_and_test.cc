// Rows against a plain matcher of the same rows: every way of being packed, and what newlines mean.
#include "engine/match/shift_and.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace headgate::match {
namespace {

std::bitset<256> set_of(std::string_view bytes) {
  std::bitset<256> set;
  for (const char c : bytes) set.set(static_cast<unsigned char>(c));
  return set;
}

// "a", "bc", "-" between: a row is written as its sets; a set behind a '~' is what may stand between.
Row row_of(const std::vector<std::string>& sets) {
  Row row;
  for (const std::string& set : sets) {
    if (set.size() > 1 && set[0] == '~')
      row.back().between = set_of(set.substr(1));
    else
      row.push_back(Step{set_of(set)});
  }
  return row;
}

using Found = std::set<std::pair<std::uint32_t, std::size_t>>;  // row, where its line ends

Found scan(const std::vector<Row>& rows, std::string_view block, Cpu cpu = this_cpu()) {
  Found found;
  std::size_t calls = 0;

  struct Context {
    Found& found;
    std::size_t& calls;
  } context{found, calls};

  ShiftAnd(rows).scan(
      block,
      [](std::uint32_t row, std::size_t end, void* at) {
        auto& to = *static_cast<Context*>(at);
        to.found.emplace(row, end);
        ++to.calls;
      },
      &context, cpu);
  EXPECT_EQ(calls, found.size()) << "once a row and line";
  return found;
}

// Where a match may be after each byte, step by step. `line` begins with the newline before it, if there is one.
bool occurs(const Row& row, std::string_view line, bool begins_with_newline) {
  std::set<std::size_t> at;  // so many steps were taken
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    std::set<std::size_t> next;
    const auto byte = static_cast<unsigned char>(c);
    const auto takes = [&](std::size_t step) {
      if (!row[step].byte.test(byte)) return false;
      return c != '\n' || ((step == 0 || step + 1 == row.size()) && row[step].byte.count() == 1);
    };
    if (takes(0)) next.insert(1);
    for (const std::size_t steps : at) {
      if (takes(steps)) next.insert(steps + 1);
      if (c != '\n' && row[steps - 1].between.test(byte)) next.insert(steps);
    }
    at = std::move(next);
    if (i == 0 && begins_with_newline) at.erase(row.size());  // in the line before
    if (at.contains(row.size())) return true;
  }
  return false;
}

Found expected(const std::vector<Row>& rows, std::string_view block) {
  Found found;
  for (std::size_t begin = 0; begin < block.size();) {
    const std::size_t newline = block.find('\n', begin);
    const std::size_t end = newline == std::string_view::npos ? block.size() : newline + 1;
    const std::size_t from = begin == 0 ? 0 : begin - 1;
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
      if (occurs(rows[row], block.substr(from, end - from), begin > 0)) found.emplace(row, end);
    }
    begin = end;
  }
  return found;
}

TEST(ShiftAnd, Rows) {
  struct Case {
    std::vector<std::string> row;
    std::string block;
    std::vector<std::size_t> ends;
  };

  const Case cases[] = {
      {{"a"}, "", {}},
      {{"a"}, "a", {1}},
      {{"a"}, "b\na\nb\n", {4}},
      {{"a", "b"}, "ab", {2}},
      {{"a", "b"}, "a\nb\n", {}},
      {{"aA", "bB"}, "xAb\nxaa\n", {4}},
      {{"a", "~ -", "b"}, "a - -b\n", {7}},
      {{"a", "~ -", "b"}, "a -x-b\n", {}},
      {{"a", "~ \n", "b"}, "a \n b\n", {}},
      {{"\n", "a"}, "a\na\nba\n", {4}},
      {{"\n", "~ ", "a"}, "  a\n  a\n", {8}},
      {{"a", "\n"}, "a\nab\nba", {2}},
      {{"\n", "\n"}, "\n\na\n", {2}},
      {{"a\n", "b"}, "\nb\nab\n", {6}},
      {{"a", "\n", "b"}, "a\nb\n", {}},
      {{"\n"}, "a\nb", {2}},
      {{std::string(1, '\0'), "\xff"}, std::string("x\0\xff\n", 4), {4}},
  };
  for (const Case& one : cases) {
    Found found;
    for (const std::size_t end : one.ends) found.emplace(0, end);
    EXPECT_EQ(scan({row_of(one.row)}, one.block), found) << testing::PrintToString(one.block);
  }
}

TEST(ShiftAnd, NoRowsNothingFound) {
  EXPECT_TRUE(ShiftAnd({}).empty());
  EXPECT_TRUE(scan({}, "a\n").empty());
}

TEST(ShiftAnd, AsManyRowsAsThereAreLanesAndMore) {
  std::mt19937 random(7);
  const auto below = [&random](std::size_t end) { return random() % end; };
  for (const std::size_t rows_wanted : {1U, 2U, 5U, 30U, 120U, 400U}) {
    for (int round = 0; round < 4; ++round) {
      std::vector<Row> rows;
      while (rows.size() < rows_wanted) {
        Row row(1 + below(below(4) == 0 ? kLongestRow : 4));
        for (Step& step : row) {
          for (const char c : std::string_view("abcd-")) {
            if (below(2) == 0) step.byte.set(static_cast<unsigned char>(c));
            if (below(6) == 0) step.between.set(static_cast<unsigned char>(c));
          }
        }
        if (below(5) == 0) row.front().byte = set_of("\n");
        if (below(5) == 0) row.back().byte = set_of("\n");
        rows.push_back(std::move(row));
      }
      std::string block;
      for (std::size_t i = 0; i < 600; ++i) block += "abcd-\n"[below(12) == 0 ? 5 : below(5)];
      const Found wanted = expected(rows, block);
      for (const Cpu cpu : {Cpu::any, Cpu::avx2, Cpu::avx512}) {
        if (cpu > this_cpu()) continue;
        EXPECT_EQ(scan(rows, block, cpu), wanted) << rows_wanted << " rows";
      }
    }
  }
}

}  // namespace
}  // namespace headgate::match
