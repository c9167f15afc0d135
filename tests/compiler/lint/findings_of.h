// What the linter finds in a text, as the tests look at it.
#pragma once

#include <string>
#include <vector>

#include "compiler/lint/lint.h"

namespace headgate::lint {

inline std::vector<rules::Finding> findings_of(front::Dialect dialect, const std::string& text,
                                               Running running = Running::yes) {
  auto report = lint_rules(dialect, text, running);
  return report ? std::move(report->findings) : std::vector<rules::Finding>();
}

inline std::string listed(const std::vector<rules::Finding>& findings) {
  std::string list;
  for (const rules::Finding& finding : findings)
    list += std::to_string(finding.line) + " " + finding.id + ": " + finding.what + "\n";
  return list;
}

}  // namespace headgate::lint
