// Shortage: the machine, not a pattern, is why something could not be compiled: no process, no memory, no time on a busy
// machine. What was compiled in spite of it is not for keeping: the next attempt may do better.
//   Threads   a value.
#pragma once

#include <string>
#include <utility>

namespace headgate::back {

struct Shortage {
  std::string what;            // "" = none
  bool rules_missing = false;  // the Programs lack rules that may be good: they must not be used

  [[nodiscard]] bool any() const { return !what.empty(); }

  // The first one is told.
  void note(std::string text, bool rules) {
    if (what.empty()) what = std::move(text);
    rules_missing = rules_missing || rules;
  }
};

}  // namespace headgate::back
