// judge: the session's questions to access, and its refusals logged. nullopt = permitted.
//   Lifetime  borrows the Dialogue for the call.     Threads  its coroutine.
//   Errors    a list or table that cannot be evaluated is a 451: never a permit.
//   Source    smtpd_check(3), ACCESS; smtpd.md §4.1, §4.2.
#pragma once

#include <optional>
#include <string>

#include "smtpd/session/verbs.h"

namespace headgate::session {

using Refusal = std::optional<proto::Reply>;

Task<Refusal> judge_client(Dialogue& dialogue);
Task<Refusal> judge_helo(Dialogue& dialogue, std::string name, bool extended);
Task<Refusal> judge_sender(Dialogue& dialogue, std::string sender);
Task<Refusal> judge_recipient(Dialogue& dialogue, std::string recipient);
Task<Refusal> judge_verify(Dialogue& dialogue, std::string address);
Task<Refusal> judge_data(Dialogue& dialogue);
Task<Refusal> judge_bdat(Dialogue& dialogue);  // the same restrictions, before the first chunk
Task<Refusal> judge_end_of_data(Dialogue& dialogue, std::string queue_id);

// May headers be added to its mail (local_header_rewrite_clients)?
bool is_local_client(const Session& session);

// smtpd_client_event_limit_exceptions.
bool is_limit_exempt(const Session& session);

// mynetworks, later also who has authenticated: never a suspect, whatever it does.
bool is_trusted(const Session& session);

// smtpd_forbidden_commands: an unknown verb that no mail client says.
bool is_forbidden_command(const Session& session, std::string_view word);

}  // namespace headgate::session
