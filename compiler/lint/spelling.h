// find_spelling: what is odd in how a pattern is written, though it compiles: flags that change nothing or the wrong thing, odd
// delimiters, bare dots in host names, .* and x* at an end.
//   Threads   pure.
#pragma once

#include "compiler/lint/collector.h"

namespace headgate::lint {

void find_spelling(const TableView& view, Collector& found);

}  // namespace headgate::lint
