// What tuning came to, for people and for scripts.
//   Threads   pure.        Source  docs/cli.md.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "smtpd/bench/tune.h"

namespace headgate::bench {

std::string as_text(const TuneReport& report);

nlohmann::ordered_json as_facts(const TuneReport& report);

}  // namespace headgate::bench
