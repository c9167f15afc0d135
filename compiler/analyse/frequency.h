// How often a literal occurs in mail, guessed from how often its bytes follow one another (frequencies.inc).
//   Units     occurrences a byte of text, 0 to 1; cost_of: nanoseconds a byte of text.       Threads  pure.
#pragma once

#include "compiler/analyse/required.h"

namespace headgate::analyse {

double frequency_of(const Literal& literal);

// How often one of them is found.
double rate_of(const Clause& clause);

// What looking for them costs in a database of many, wherever they are: the shorter the more.
double cost_of_looking(const Clause& clause);

// What a scan for these literals is likely to cost: looking for them, and asking the reference engine where one is found.
double cost_of(const Clause& clause);

}  // namespace headgate::analyse
