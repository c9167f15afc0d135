// Trace: why a text gets its answer: the guards entered, the patterns tried, who was asked, the captures, the winner.
//   Lifetime  borrows the Program.     Threads  values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/match/confirm.h"
#include "engine/rules/evaluate.h"
#include "engine/rules/program.h"

namespace headgate::rules {

enum class Asked : std::uint8_t { scan, reference, memory };

struct Step {
  int line = 0;
  Role role = Role::guard;
  bool negated = false;
  std::uint32_t pattern = 0;
  Asked asked = Asked::scan;
  match::Answer answer = match::Answer::no;
  bool passed = false;
  std::string error;
  std::vector<match::Group> groups;
};

struct Trace {
  std::vector<Step> steps;
  std::optional<Hit> winner;
};

// A line a step, the winner last; for a terminal.
std::string explain(const Program& program, const Trace& trace, std::string_view text);

}  // namespace headgate::rules
