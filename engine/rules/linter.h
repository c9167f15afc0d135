// Linter: "what is wrong with this table?", without the command line knowing the compiler. Implemented by compiler/lint.
//   Units     lines count from 1, physical ones; 0 = the table as a whole.
//   Errors    Code::not_found/io when the file cannot be read, Code::invalid for an inline table's syntax or a type that is not
//             linted. What is wrong in the table is a Finding, never an Error.
//   Threads   one caller at a time.
//   Cost      from milliseconds to some seconds: order is compared pair by pair, patterns that may explode are run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace headgate::rules {

enum class FindingLevel : std::uint8_t { note, warning, error };

constexpr std::string_view name_of(FindingLevel level) {
  switch (level) {
    case FindingLevel::note:
      return "note";
    case FindingLevel::warning:
      return "warning";
    case FindingLevel::error:
      break;
  }
  return "error";
}

// One kind of finding. Ids are stable: baselines, CI configurations and docs/lint.md name them.
struct FindingKind {
  std::string_view id;
  FindingLevel level;
  std::string_view summary;  // one line
  std::string_view help;     // why it matters, what to do
};

struct Finding {
  std::string id;
  FindingLevel level = FindingLevel::warning;
  int line = 0;
  int other_line = 0;  // of the rule that is the reason; 0 = none
  std::string what, why;
  std::string suggestion;  // what shall stand in the place of `line`; "" = nothing can be given
};

struct LintReport {
  std::vector<Finding> findings;   // by line
  std::vector<std::string> lines;  // of the text, for whoever shows or fingerprints them
  std::size_t rules = 0;           // in force
};

class Linter {
 public:
  Linter() = default;
  Linter(const Linter&) = delete;
  Linter& operator=(const Linter&) = delete;
  virtual ~Linter() = default;

  [[nodiscard]] virtual std::span<const FindingKind> kinds() const = 0;

  // `spec` is "pcre:NAME", "regexp:NAME" …
  virtual Result<LintReport> lint(const std::string& spec) = 0;
};

}  // namespace headgate::rules
