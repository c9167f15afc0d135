// Crew: worker processes that hold contests until there were enough. A worker that hangs or dies costs one table: another
// takes its place behind it, and the phase it was in says whose fault it was. Where it was Postfix's, the other one first
// plays the table without Postfix.
//   Units     lookups and tables are counted over all workers.
//   Threads   one; the workers are processes, forked before any thread exists.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/collide/lookups/judge.h"

namespace headgate::collide {

struct Orders {
  std::uint64_t seed = 1;
  std::uint64_t lookups = 50000;  // enough
  std::chrono::seconds time{0};   // … or so long; 0: no matter
  unsigned jobs = 2;
  std::size_t keys = 300;         // a table
  std::uint64_t first_table = 0;  // to begin with
  std::uint64_t most_tables = ~std::uint64_t{0};
  unsigned show = 10;  // differences that are minimised and printed
  bool near = false;   // keys from the patterns' trees
  std::vector<std::string>
      files;  // tables that are played instead of random ones, in both dialects
};

struct Tally {
  std::uint64_t tables = 0, lookups = 0, hits = 0, warnings = 0;
  std::uint64_t differences = 0;
  std::uint64_t cut_short = 0;      // Postfix needed so long that not every key was asked
  std::uint64_t postfix_slow = 0;   // … that the table was given up
  std::uint64_t postfix_died = 0;   // of the pattern, or of memory
  std::uint64_t headgate_slow = 0;  // where Postfix was not
  std::uint64_t headgate_died = 0;
  std::uint64_t played_alone = 0;
  std::uint64_t bombs =
      0;  // tables with a pattern that headgate gives up and Postfix does not (compat.md 18)
  std::uint64_t no_place = 0;  // workers that could not use their directory
};

// `directory`: an existing one, for the workers' files.
Tally hold_contests(const Judge& judge, const Orders& orders, const std::string& directory);

}  // namespace headgate::collide
