// this_machine: the processor, the system and the libraries that figures were taken with.
//   Threads   pure.       Errors  what is not known is "".
#pragma once

#include "smtpd/bench/report.h"

namespace headgate::bench {

Machine this_machine();

}  // namespace headgate::bench
