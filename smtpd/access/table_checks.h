// The restrictions that ask a table: check_client_access and its like, one function each, a row each in parse.cc.
//   Lookup    Evaluation::step has the table; keys.h what it is asked for; table_result.h what its answer means.
//   Errors    a failed lookup, and an empty answer, is Postfix's "451 4.3.5 <x>: … rejected: Server configuration error",
//             which warn_if_reject softens as it softens any.
//   Threads   as Evaluation.
//   Source    access(5), smtpd_check(3); smtpd.md §4.4, §4.5.
#pragma once

#include "smtpd/access/evaluation.h"

namespace headgate::access::table_checks {

Outcome client(Evaluation& evaluation);  // its name first, then its address
Outcome reverse_client(
    Evaluation& evaluation);  // by the name that nobody has verified: must not permit
Outcome helo(Evaluation& evaluation);
Outcome sender(Evaluation& evaluation);
Outcome recipient(Evaluation& evaluation);
Outcome etrn(Evaluation& evaluation);
Outcome sasl(Evaluation& evaluation);
Outcome client_certificate(
    Evaluation& evaluation);  // the certificate's fingerprint, then its key's

}  // namespace headgate::access::table_checks
