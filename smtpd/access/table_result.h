// apply_result: what an access table says -> what becomes of the request: OK, REJECT, HOLD, a list of restrictions …
//   Words     any case, up to the first blank; the rest is the argument.
//   Errors    what cannot be understood is 451; an action that cannot be done here is a warning and changes nothing.
//   Threads   as Evaluation.
//   Source    access(5), smtpd_check(3); smtpd.md §4.3; every word asked of a live Postfix 3.7.
#pragma once

#include <string_view>

#include "smtpd/access/evaluation.h"

namespace headgate::access {

// `table` is its name as configured, `datum` what it was asked about; the Evaluation's subject is what is judged.
Outcome apply_result(Evaluation& evaluation, std::string_view table, std::string_view value,
                     std::string_view datum);

}  // namespace headgate::access
