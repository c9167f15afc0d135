// converse: one SMTP conversation from the greeting to the last byte: read a line, find its verb in a table, judge, do,
// reply. The caller has the connection, the slot and the peer's name; it logs nothing.
//   Lifetime  borrows everything for the call.             Threads  one coroutine.
//   Errors    none escape: what went wrong is in the log, and the session has ended.
//   Source    smtpd_proto(), smtpd_chat(3); smtpd.md §3.1 to §3.10.
#pragma once

#include "smtpd/session/verbs.h"

namespace headgate::session {

Task<void> converse(Dialogue& dialogue, StateSource& states);

// Instead of a conversation: "421 …", then the end.
Task<void> turn_away(Dialogue& dialogue, proto::Reply reply);

}  // namespace headgate::session
