// A baseline: the findings that are known and shall be silent, a file that is kept beside the tables. One JSON object; what
// counts is each finding's fingerprint, the rest is for people who read its differences.
//   Errors    Code::not_found/io for the file, Code::invalid when it is no baseline.      Threads  values.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "smtpd/cli/lint_report.h"

namespace headgate::cli {

// Marks what the file knows.
Result<void> apply_baseline(const std::string& path, std::vector<LintedTable>& tables);

Result<void> write_baseline(const std::string& path, const std::vector<LintedTable>& tables);

}  // namespace headgate::cli
