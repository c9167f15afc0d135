// find_results: what is wrong with what a rule answers: misspelt actions, arguments that Postfix refuses, swallowed rules, REJECT
// texts that tell too much; and placeholders of templates, wherever they stand.
//   Threads   pure.     Source    header_checks(5), access(5); content-checks §5.
#pragma once

#include "compiler/lint/collector.h"

namespace headgate::lint {

// What the table's results look like: the answers are judged by it, for a table may be no check table at all.
enum class ResultKind { checks, access, other };
ResultKind result_kind(const TableView& view);

void find_results(const TableView& view, Collector& found);

}  // namespace headgate::lint
