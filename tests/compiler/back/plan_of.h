// The analysis of one pcre: pattern, with PCRE2's usual limit, and with what the engine says of its length.
#pragma once

#include <cstddef>

#include "compiler/analyse/strategy.h"

namespace headgate::back {

inline analyse::Plan plan_of(const char* pattern, std::size_t least_bytes_of_engine = 0) {
  front::Pattern text;
  text.text = pattern;
  analyse::Plan plan = analyse::plan_pattern(front::Dialect::pcre, text, 10'000'000);
  plan.needs.least_bytes_of_engine = least_bytes_of_engine;
  return plan;
}

}  // namespace headgate::back
