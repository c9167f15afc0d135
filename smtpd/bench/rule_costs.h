// rule_rows: what each `if` and each rule of a table costs Postfix and how often it is met: a row a test, in the table's
// order. Costs are those of the reference engine, a pattern at a time over a sample.
//   Units     nanoseconds of CPU time a text.        Threads  the caller's.
//   Cost      patterns x texts of the sample, twice.
#pragma once

#include <functional>
#include <vector>

#include "bench/peers/sample.h"
#include "smtpd/bench/report.h"

namespace headgate::bench {

// `hits`: by rule, of the whole corpus. `on_done` hears the share that is done.
std::vector<RuleRow> rule_rows(const rules::Program& program, const peers::Sample& sample,
                               const peers::Hits& hits, const std::function<void(double)>& on_done);

}  // namespace headgate::bench
