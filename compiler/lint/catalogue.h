// The kinds of findings, one table: id, level, summary, help. docs/lint.md has an example of each, tests/compiler/lint a case of each;
// tests/lint/docs_test.py and lint_test.cc see to that.
//   Threads   constants.
#pragma once

#include <span>
#include <string_view>

#include "engine/rules/linter.h"

namespace headgate::lint {

std::span<const rules::FindingKind> finding_kinds();

// Of an id that is in the table; a wrong one ends the process (a bug).
const rules::FindingKind& finding_kind(std::string_view id);

}  // namespace headgate::lint
