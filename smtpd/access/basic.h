// The restrictions that need no table and no network: one function each, a row each in parse.cc.
//   Replies   code, enhanced code and text as Postfix 3.7 sends them.       Threads  as Evaluation.
//   Source    postconf(5); smtpd.md §4.2, §4.4.
#pragma once

#include "smtpd/access/evaluation.h"

namespace headgate::access::basic {

Outcome permit(Evaluation& evaluation);
Outcome reject(Evaluation& evaluation);
Outcome defer(Evaluation& evaluation);
Outcome defer_if_permit(Evaluation& evaluation);
Outcome defer_if_reject(Evaluation& evaluation);
Outcome nothing(Evaluation& evaluation);  // known but inert: nobody is authenticated yet

Outcome permit_sasl_authenticated(Evaluation& evaluation);
Outcome permit_mynetworks(Evaluation& evaluation);
Outcome permit_inet_interfaces(Evaluation& evaluation);
Outcome permit_auth_destination(Evaluation& evaluation);
Outcome reject_unauth_destination(Evaluation& evaluation);
Outcome defer_unauth_destination(Evaluation& evaluation);
Outcome reject_unlisted_recipient(Evaluation& evaluation);

Outcome reject_non_fqdn_sender(Evaluation& evaluation);
Outcome reject_non_fqdn_recipient(Evaluation& evaluation);
Outcome reject_non_fqdn_helo_hostname(Evaluation& evaluation);
Outcome reject_invalid_helo_hostname(Evaluation& evaluation);
Outcome reject_unauth_pipelining(Evaluation& evaluation);

}  // namespace headgate::access::basic
