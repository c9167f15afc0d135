// evaluate: the first rule of a Program that is true for a text. Hyperscan proposes, the reference engine disposes: the
// rule that wins, negated or not, was confirmed by PCRE2 or regexec; the scan alone only rules patterns and guards out or
// (native patterns, for guards) in.
//   Lifetime  the Hit borrows the Program.        Threads  one Truth a thread.
//   Errors    an engine's run-time error is warned, each time it is met, and makes the test false whatever its sense.
//   Source    content-checks §2.6, §2.7.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/diagnostic.h"
#include "engine/rules/program.h"
#include "engine/rules/truth.h"

namespace headgate::rules {

struct Trace;

struct Hit {
  const Rule* rule = nullptr;
  std::string value;
};

// `trace`, when given, gets every step (explain.h).
std::optional<Hit> evaluate(const Program& program, Truth& truth, std::string_view text,
                            const WarningSink& warn, Trace* trace = nullptr);

// Of the text that `truth` was reset to.
std::optional<Hit> evaluate(const Program& program, Truth& truth, const WarningSink& warn,
                            Trace* trace = nullptr);

}  // namespace headgate::rules
