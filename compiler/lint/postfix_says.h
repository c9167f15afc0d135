// find_complaints: what Postfix warns of when it opens the table, as findings that say what was meant and what to write.
//   Threads   pure.
#pragma once

#include "compiler/lint/collector.h"

namespace headgate::lint {

void find_complaints(const TableView& view, Collector& found);

}  // namespace headgate::lint
