// contest: one table and its keys before the judge and on all of our paths; the first difference is told.
// What Postfix itself takes too long for is cut short: no answer of ours can be compared with one that never comes. Such a
// table is played alone: headgate must neither die of it nor hang.
//   Units     the judge's time is CPU seconds.     Threads  one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/collide/lookups/judge.h"
#include "tests/collide/lookups/table_maker.h"

namespace headgate::collide {

// Who is at work; what a worker died of can be told from it.
enum class Phase : std::uint8_t { making, judge_opens, judge_answers, we_open, we_answer };

struct Difference {
  std::string path;
  std::optional<std::string> key;  // none: the warnings when the table is opened
  Answer expected, actual;
  std::vector<std::string> opening;  // what Postfix warned when the table was opened
};

struct Outcome {
  std::size_t keys = 0;      // that were compared
  std::size_t hits = 0;      // of them found
  std::size_t warnings = 0;  // of Postfix, all of them
  bool bomb = false;         // a pattern was given up (docs/compat.md 18): nothing was compared
  double judge_seconds = 0;
  std::optional<Difference> difference;
};

// headgate's paths only, without anything to compare with; with `ask`, some of the keys, as long as there is patience.
void play_alone(const Table& table, const std::vector<std::string>& keys, bool ask,
                const std::function<void(Phase)>& phase);

// Writes the table to the file "t" of the working directory, for Postfix. `phase` hears who begins.
Outcome contest(const Judge& judge, const Table& table, const std::vector<std::string>& keys,
                const std::function<void(Phase)>& phase);

}  // namespace headgate::collide
