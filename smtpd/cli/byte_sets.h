// Rows of byte sets and gates, as people read them: "v[_.]*[i1][_.]*a", "the bytes v, x and one of [0-9]".
//   Threads   pure.
#pragma once

#include <bitset>
#include <string>

#include "engine/match/shift_and.h"
#include "engine/rules/scan_plan.h"

namespace headgate::cli {

// A letter of both cases is written once, small.
std::string set_text(const std::bitset<256>& set);

// As a pattern: ^ and $ are where a line begins and ends.
std::string row_text(const match::Row& row);

// "" when nothing is needed.
std::string gate_text(const rules::Gate& gate);

}  // namespace headgate::cli
