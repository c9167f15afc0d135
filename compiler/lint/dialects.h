// find_dialects: what is written for the other type of table. foreign-syntax: it already means something else here than its author
// thought (`\d` in regexp:). dialect-difference: it is right here and would be wrong there, told once for each construct.
//   Threads   pure, but for the compiler given.
#pragma once

#include "compiler/lint/collector.h"

namespace headgate::lint {

void find_dialects(const TableView& view, Collector& found);

}  // namespace headgate::lint
