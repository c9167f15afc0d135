// BlockScan: many lines looked at in one scan, each candidate noted with the line that it was found in.
//   Units     a line is named by the offset at which it begins in the block; a block is shorter than 4 GB.
//   Lifetime  borrows the Program and the Scratch; candidates() holds until the next scan().
//   Threads   one owner.
//   Cost      the scan, some nanoseconds a candidate; with gates, half a nanosecond a byte more.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/match/scratch.h"
#include "engine/rules/program.h"

namespace headgate::rules {

class BlockScan {
 public:
  BlockScan(const Program& program, match::Scratch& scratch);

  // Lines end with \n, the last one need not. Appends to `touched`, in order, where those lines begin that have candidates
  // or that must be looked at whatever they hold; all lines with `every_line`.
  void scan(std::string_view block, bool every_line, std::vector<std::uint32_t>& touched);

  // False after a scan that told nothing: then every pattern is a candidate of every line.
  [[nodiscard]] bool knows() const { return known_; }

  // What is around this line in the block does not tell where it begins and ends: it is to be asked for as a text of its own.
  [[nodiscard]] bool stands_alone(std::uint32_t line) const {
    return line == 0 || line == unended_line_;
  }

  // The patterns that may match this line. Cheapest in the order of the lines.
  std::span<const std::uint32_t> candidates(std::uint32_t line);

 private:
  struct Hit {
    std::uint32_t line, pattern;
  };

  void forget_hits();
  bool run_scans();
  void note(std::uint32_t pattern, std::size_t end);
  void look_at_each_line(bool needs_symbols);
  void look_at_line(std::uint32_t begin, std::string_view line, bool needs_symbols);
  void add_doubted_on_long_lines();
  void list_candidates(std::vector<std::uint32_t>& touched, bool every_line);

  const Program& program_;
  match::Scratch& scratch_;
  // Gates by the rarest kind of byte that they ask for, and those that ask for none.
  std::array<std::vector<Gated>, 64> gated_by_symbol_;
  match::Symbols gated_symbols_ = 0;
  std::vector<Gated> gated_else_;

  std::string_view block_;
  bool known_ = false;
  std::vector<Hit> hits_;

  struct Line {
    std::size_t begin = 0, end = 0;  // with its newline

    [[nodiscard]] bool holds(std::size_t last_byte) const {
      return last_byte >= begin && last_byte < end;
    }
  };

  std::vector<Line>
      noted_in_;  // by pattern: the line in which it was noted last; of those with a hit
  Line hit_;      // of the last hit
  std::uint32_t unended_line_ = 0;  // the last one, where it has no newline; else 0
  // Of the lines with candidates: where they begin, and their candidates in patterns_.
  std::vector<std::uint32_t> lines_, first_, patterns_;
  std::size_t cursor_ = 0;
};

}  // namespace headgate::rules
