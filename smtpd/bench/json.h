// as_json: a Report as a document. All that depends on the clock stands in objects called "times"; take them out, and the
// same seed and corpus give the same bytes.
//   Threads   pure.        Source  docs/cli.md: a contract with scripts.
#pragma once

#include <string>

#include "smtpd/bench/report.h"

namespace headgate::bench {

std::string as_json(const Report& report);

std::string_view name_of(peers::KeyKind kind);  // "headers", "body"

}  // namespace headgate::bench
