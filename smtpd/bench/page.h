// as_page: a Report as one self-contained HTML page: no script, no font or picture from elsewhere.
//   Threads   pure.
#pragma once

#include <string>

#include "smtpd/bench/report.h"

namespace headgate::bench {

std::string as_page(const Report& report);

}  // namespace headgate::bench
