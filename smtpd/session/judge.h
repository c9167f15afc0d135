// judge: the session's questions to access, and its refusals logged. nullopt = permitted.
//   Lifetime  borrows the Dialogue for the call.     Threads  its coroutine.
//   Errors    a list or table that cannot be evaluated is a 451: never a permit.
//   Source    smtpd_check(3), ACCESS; smtpd.md §4.1, §4.2.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "smtpd/proto/data_reader.h"
#include "smtpd/session/verbs.h"

namespace headgate::session {

using Refusal = std::optional<proto::Reply>;

// At connect, or with XCLIENT.
Task<Refusal> judge_client(Dialogue& dialogue, std::string where);
Task<Refusal> judge_helo(Dialogue& dialogue, std::string name, bool extended);
Task<Refusal> judge_sender(Dialogue& dialogue, std::string sender);
Task<Refusal> judge_recipient(Dialogue& dialogue, std::string recipient);
Task<Refusal> judge_verify(Dialogue& dialogue, std::string address);
Task<Refusal> judge_data(Dialogue& dialogue);
Task<Refusal> judge_bdat(Dialogue& dialogue);  // the same restrictions, before the first chunk
Task<Refusal> judge_etrn(Dialogue& dialogue, std::string domain);
Task<Refusal> judge_end_of_data(Dialogue& dialogue, std::string queue_id);

// May headers be added to its mail (local_header_rewrite_clients)?
bool is_local_client(const Session& session);

// smtpd_client_event_limit_exceptions.
bool is_limit_exempt(const Session& session);

// mynetworks, later also who has authenticated: never a suspect, whatever it does.
bool is_trusted(const Session& session);

// smtpd_authorized_xclient_hosts, smtpd_authorized_xforward_hosts.
bool may_xclient(const Session& session);
bool may_xforward(const Session& session);

// smtpd_forbid_bare_newline, for this client.
proto::BareNewline bare_newline_mode(const Session& session);

// What EHLO does not list for this client, nor the server knows: smtpd_discard_ehlo_keywords or its address's own list.
std::vector<std::string> hidden_keywords(const Dialogue& dialogue);

// smtpd_forbidden_commands: an unknown verb that no mail client says.
bool is_forbidden_command(const Session& session, std::string_view word);

}  // namespace headgate::session
