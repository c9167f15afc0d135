// Session: one client's conversation as far as it got: who it is, what was said, what was counted. No I/O.
//   Units     counters per session, as Postfix's.
//   Ownership holds the ServiceState in force.           Threads  one coroutine.
//   Source    smtpd_state(3); smtpd.md §3.7, §3.10.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/access/effects.h"
#include "smtpd/net/tls_info.h"
#include "smtpd/proto/command.h"
#include "smtpd/proto/reply.h"
#include "smtpd/queue/message.h"
#include "smtpd/session/forwarded.h"
#include "smtpd/session/services.h"

namespace headgate::session {

class Intake;

struct Peer {
  std::string name = "unknown";  // verified
  std::string reverse_name = "unknown";
  std::string address;
  std::uint16_t port = 0;
  std::string server_address;
  std::uint16_t server_port = 0;

  bool shows_port = false;  // smtpd_client_port_logging

  // "name[addr]" or "name[addr]:port": whoever is meant in a log line.
  [[nodiscard]] std::string name_and_address() const;
};

class Session {
 public:
  Session(std::uint32_t its_number, std::string its_service, Peer its_peer, StatePtr first_state)
      : number(its_number),
        service(std::move(its_service)),
        peer(std::move(its_peer)),
        state(std::move(first_state)) {}

  [[nodiscard]] const config::Settings& settings() const { return *state->settings; }

  [[nodiscard]] bool esmtp() const { return protocol == "ESMTP"; }

  [[nodiscard]] bool in_transaction() const { return envelope.has_value(); }

  void forget_transaction();  // RSET, HELO, end of data
  void begin_again();         // as if the client had just connected: nothing was said

  // " from=<a> to=<b> proto=ESMTP helo=<c>": what is known, each with a blank before it.
  [[nodiscard]] std::string envelope_text(std::optional<std::string_view> recipient) const;
  // "client=name[addr], sasl_method=…, orig_client=…": for the line that begins a message.
  [[nodiscard]] std::string client_text() const;
  // The client and the envelope as the message's own log lines name them: those of XFORWARD where it was.
  [[nodiscard]] std::string message_origin() const;
  [[nodiscard]] std::string message_text(std::optional<std::string_view> recipient) const;
  // `where` as it stands behind "after": "RCPT", "DATA (3500 bytes)".
  [[nodiscard]] std::string after_where() const;
  // "disconnect from name[addr] ehlo=1 … commands=7/15"
  [[nodiscard]] std::string disconnect_text() const;

  void count(proto::Verb verb, bool success);
  void count_junk();      // beyond smtpd_junk_command_limit a junk command is an error
  void forgive_errors();  // after an accepted message

  // How far it has come since the last accepted message: kinds of commands that succeeded and recipients. What was done
  // once is done: neither NOOPs nor RSET and MAIL in turn make it grow.
  [[nodiscard]] std::uint64_t steps() const;

  void log(EventSink& sink, Level level, std::string text, Program program = Program::smtpd) const;
  // The same, told to the JSON log as an event of that kind, with `more` fields beside who the client is.
  void log_as(std::string_view kind, EventSink& sink, std::string text,
              std::vector<Field> more = {}) const;

  const std::uint32_t number;
  const std::string service;  // "smtp": part of the keys of client limits
  Peer peer;                  // another one after XCLIENT
  StatePtr state;
  std::string anvil_ident;  // under which its client is counted; "" = not at all

  std::string protocol = "SMTP";
  std::optional<std::string> helo;
  std::unique_ptr<const net::TlsInfo> tls;  // since the handshake
  std::optional<queue::Envelope> envelope;  // since MAIL
  std::int64_t overshoot = 0;               // RCPTs beyond smtpd_recipient_limit
  access::Effects effects;                  // of access tables, on the message to come

  // DEFER_IF_PERMIT at connect, HELO and MAIL: for the recipients. smtpd_delay_reject = no.
  struct Deferrals {
    std::optional<proto::Reply> client, helo, sender;
  };

  Deferrals deferrals;
  std::uint32_t messages_accepted = 0;
  // By smtpd_discard_ehlo_keywords.
  bool dsn_hidden = false, chunking_hidden = false, smtputf8_hidden = false;

  // A message that comes in chunks: none of it yet, some (in `chunked`), or BDAT has failed and the rest is thrown away.
  enum class Chunks : std::uint8_t { none, taking, failed };
  Chunks chunks = Chunks::none;
  SteadyTime chunks_began{};
  std::shared_ptr<Intake> chunked;

  std::int64_t errors = 0, junk = 0;
  bool ill_pipelining = false;
  std::string sasl_method, sasl_username;  // who has logged in, and how
  Forwarded forwarded;                     // by XFORWARD, for the next message
  std::optional<proto::Reply> denied;      // by client restrictions, smtpd_delay_reject = no
  std::string where = "CONNECT";         // for "lost connection after WHERE"; "DATA content" in it
  std::uint64_t content_wire_bytes = 0;  // for "lost connection after DATA (N bytes)"

 private:
  struct Count {
    std::uint32_t good = 0, all = 0;
  };

  void write(EventSink& sink, Event event) const;

  std::array<Count, proto::kVerbCount> counts_{};
  std::uint32_t verbs_done_ = 0;  // a bit a verb, since the last accepted message
  std::size_t most_recipients_ = 0;
};

}  // namespace headgate::session
