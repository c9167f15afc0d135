// The verbs: each judges, then does, then answers. One function a verb; converse.cc's table says which.
//   Lifetime  a Dialogue and a Request belong to the conversation and outlive the call.      Threads  its coroutine.
//   Errors    as replies. Failures of the wire while content is read are in `wire_failure`: the session then ends.
//   Source    smtpd(8), RFC 5321 §4.1.1; smtpd.md §3.3.
#pragma once

#include <optional>

#include "smtpd/net/wire.h"
#include "smtpd/proto/command.h"
#include "smtpd/proto/reply.h"
#include "smtpd/session/session.h"

namespace headgate::session {

struct Dialogue {
  Dialogue(net::Wire& w, Session& s, Services& v) : wire(w), session(s), services(v) {}

  net::Wire& wire;
  Session& session;
  Services& services;
  bool command_ended_bare = false;  // the command line ended in LF alone
  std::optional<Error> wire_failure{};
  StateSource* states = nullptr;  // who hears of waits; converse() sets it
  // The session was chosen to make room, after so long without a step.
  std::optional<std::chrono::milliseconds> makes_room{};
};

// A reply, and whether the command counts as failed (smtpd_hard_error_limit, the disconnect line).
struct Answer {
  Answer(proto::Reply r)
      : reply(std::move(r)), failed(!reply.positive()) {}  // NOLINT: a reply is an answer

  Answer(proto::Reply r, bool f) : reply(std::move(r)), failed(f) {}

  proto::Reply reply;
  bool failed;
  bool sent = false;  // the verb has sent it
};

// converse.cc: notes, once, that the client has gone on where it should have waited; then whether the session ends for it.
void watch_pipelining(Dialogue& dialogue, std::string_view where);
bool is_out_of_step(const Session& session);

using VerbFunction = Task<Answer> (*)(Dialogue&, const proto::Request&);

// verb_hello.cc
Task<Answer> helo(Dialogue& dialogue, const proto::Request& request);
Task<Answer> ehlo(Dialogue& dialogue, const proto::Request& request);
// verb_starttls.cc
Task<Answer> starttls(Dialogue& dialogue, const proto::Request& request);
// Turns TLS on: also for smtpd_tls_wrappermode. A reply ends the session; so does `wire_failure`.
Task<std::optional<proto::Reply>> begin_tls(Dialogue& dialogue);
// verb_xclient.cc
Task<Answer> xclient(Dialogue& dialogue, const proto::Request& request);
Task<Answer> xforward(Dialogue& dialogue, const proto::Request& request);
// verb_mail.cc
Task<Answer> mail(Dialogue& dialogue, const proto::Request& request);
// verb_rcpt.cc
Task<Answer> rcpt(Dialogue& dialogue, const proto::Request& request);
Task<Answer> vrfy(Dialogue& dialogue, const proto::Request& request);
// verb_data.cc
Task<Answer> data(Dialogue& dialogue, const proto::Request& request);
// verb_bdat.cc
Task<Answer> bdat(Dialogue& dialogue, const proto::Request& request);
// The octets of a BDAT that is refused for what has nothing to do with it.
Task<Result<void>> skip_chunk(Dialogue& dialogue, const proto::Request& request);
// verb_other.cc
Task<Answer> rset(Dialogue& dialogue, const proto::Request& request);
Task<Answer> noop(Dialogue& dialogue, const proto::Request& request);
Task<Answer> etrn(Dialogue& dialogue, const proto::Request& request);
Task<Answer> quit(Dialogue& dialogue, const proto::Request& request);
Task<Answer> help(Dialogue& dialogue, const proto::Request& request);
Task<Answer> not_offered(Dialogue& dialogue, const proto::Request& request);  // parse() knows why

proto::ParseRules parse_rules(const Session& session);

// "NOQUEUE: reject: MAIL from name[addr]: 552 …; from=<> proto=ESMTP helo=<h>"
void log_reject(const Dialogue& dialogue, std::string_view where, const proto::Reply& reply,
                std::optional<std::string_view> recipient = std::nullopt);

}  // namespace headgate::session
