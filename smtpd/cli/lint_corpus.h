// find_in_corpus: rules of a table that never win on some mail: because nothing there matches them, or because the rules before
// them take whatever does. Measured, not proven.
//   Threads   the caller's.
#pragma once

#include "bench/peers/mail_keys.h"
#include "engine/rules/linter.h"
#include "engine/rules/program.h"

namespace headgate::cli {

enum class Keys { headers, body };

// Adds to the report, at their lines. A rule of which the report says already that it never wins is left out.
void find_in_corpus(const rules::Program& program, const peers::MailKeys& mail, Keys keys,
                    std::span<const rules::FindingKind> kinds, rules::LintReport& report);

}  // namespace headgate::cli
