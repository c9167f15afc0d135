// discard: and error:, the two transports that need no place to deliver to.
//   Threads   pure functions.        Source    discard(8), error(8).
#pragma once

#include <string>
#include <string_view>

#include "smtpd/queue/deliverer.h"

namespace headgate::deliver {

// "discard:reason" or "discard:2.1.1 reason": taken, and gone.
queue::Outcome discard(std::string_view nexthop);

// "error:5.1.1 text" bounces, "retry:4.3.0 text" defers; the enhanced code may be left out, and one of another class is
// taken for 5.0.0 and 4.0.0.
queue::Outcome refuse(std::string_view nexthop, queue::Status status);

}  // namespace headgate::deliver
