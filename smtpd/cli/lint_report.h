// What `lint` found in its tables, and as text, JSON and SARIF 2.1.0.
//   Units     fingerprints are 32 hexadecimal digits: of the kind, the line's words, the table's file name, and the number among
//             equals, so that they outlive moved lines.
//   Threads   values, pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rules/linter.h"

namespace headgate::cli {

struct LintedTable {
  std::string spec;  // "pcre:/etc/postfix/header_checks"
  rules::LintReport report;
  std::vector<std::string> fingerprints;  // by finding
  std::vector<bool> known;                // by finding: the baseline has it

  [[nodiscard]] std::string file() const { return spec.substr(spec.find(':') + 1); }

  [[nodiscard]] std::string_view line_text(int line) const;
};

void add_fingerprints(LintedTable& table);

// FILE:LINE: LEVEL: WHAT [ID], WHY and the suggested line below. Of one kind and table at most `most` findings, 0: all.
std::string lint_as_text(const std::vector<LintedTable>& tables, std::size_t most);

std::string lint_as_json(const std::vector<LintedTable>& tables);

std::string lint_as_sarif(const std::vector<LintedTable>& tables,
                          std::span<const rules::FindingKind> kinds);

}  // namespace headgate::cli
