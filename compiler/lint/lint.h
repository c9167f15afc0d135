// TableLinter: the Linter of this house. A table's text is read as the compiler reads it, and looked at by one lint after the
// other; a line that a finding suggests is tried out first, and dropped if Postfix would warn of it or the finding stays.
//   Errors    as rules::Linter.      Threads   one caller at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "compiler/front/ast.h"
#include "engine/rules/linter.h"

namespace headgate::lint {

class TableLinter final : public rules::Linter {
 public:
  [[nodiscard]] std::span<const rules::FindingKind> kinds() const override;
  Result<rules::LintReport> lint(const std::string& spec) override;
};

// Whether patterns that may explode are run, which may take seconds each.
enum class Running : std::uint8_t { yes, no };

// The same for a text that is at hand.
Result<rules::LintReport> lint_rules(front::Dialect dialect, const std::string& text,
                                     Running running = Running::yes);

}  // namespace headgate::lint
