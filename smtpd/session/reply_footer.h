// finished: a reply as it goes out: smtpd_reject_footer or what its maps say behind a refusal, then soft_bounce.
//   Lifetime  borrows the Dialogue for the call.     Threads  its coroutine.
//   Errors    a map that cannot answer is logged; then the footer is smtpd_reject_footer's, as in Postfix.
//   Source    postconf(5), smtp_reply_footer(3); smtpd.md §3.9.
#pragma once

#include "smtpd/session/verbs.h"

namespace headgate::session {

proto::Reply finished(const Dialogue& dialogue, proto::Reply reply);

}  // namespace headgate::session
