// Context, Decision and Restriction: what a restriction knows, what it may answer.
//   Lifetime  a Context is filled by the session for one question; a Decision owns its texts.
//   Threads   values.      Later  restrictions that ask DNS or a policy server become Tasks; the types stay.
//   Source    access(5), smtpd_check(3); smtpd.md §4.1-4.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtpd/access/effects.h"
#include "smtpd/proto/reply.h"

namespace headgate::access {

struct Context {
  std::string client_name = "unknown", client_address;
  std::string reverse_name = "unknown";  // what the address claims, verified or not
  std::string where = "RCPT";     // CONNECT, HELO, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE, VRFY
  std::string protocol = "SMTP";  // or ESMTP
  std::optional<std::string> helo_name;
  std::optional<std::string> sender;     // "" = the null sender; nullopt before MAIL
  std::optional<std::string> recipient;  // internal form
  std::optional<std::string> etrn_domain;
  bool unauthorized_pipelining = false;
  std::string login;  // who has logged in; "" = nobody
  // Of the certificate that the client has shown, and of its key; "" = none.
  std::string certificate_fingerprint, key_fingerprint;
  std::string shown_client;  // for log lines; empty: client()

  // What the transaction has met so far: nothing is asked any more about a message that is thrown away, and a message is
  // held once.
  bool discarding = false, holding = false;
  // Decision::deferral of the question before; smtpd_delay_reject = no.
  std::optional<proto::Reply> deferral;

  // "name[addr]"
  [[nodiscard]] std::string client() const { return client_name + '[' + client_address + ']'; }
};

// For the log, in order.
struct Line {
  enum class Kind : std::uint8_t {
    warning,
    info,     // as it is
    note,     // after the queue id or NOQUEUE: "hold: RCPT from …"
    refusal,  // the same, of the refusal
  };
  Kind kind = Kind::note;
  std::string text;
};

// The answer to the session.
struct Decision {
  std::optional<proto::Reply> refusal;  // none: permitted
  std::vector<Line> lines;
  Effects effects;  // on the message, whether or not this recipient is refused
  // DEFER_IF_PERMIT at a command that is not the last: for the next question. At RCPT and VRFY that of the sender's list.
  std::optional<proto::Reply> deferral;
  // Asked on an event loop (Waits::apart), and a table would have to be asked that may wait: refused, and nothing of this
  // holds. Somebody else has to be asked.
  bool must_ask_apart = false;

  [[nodiscard]] bool permits() const { return !refusal.has_value(); }

  // Those of one kind.
  [[nodiscard]] std::vector<std::string> lines_of(Line::Kind kind) const {
    std::vector<std::string> texts;
    for (const Line& line : lines) {
      if (line.kind == kind) texts.push_back(line.text);
    }
    return texts;
  }
};

// The answer of one restriction to the evaluator.
enum class Outcome : std::uint8_t { dunno, permit, reject };

// "LABEL: WHERE from client: TEXT; from=<…> to=<…> proto=… helo=<…>"
std::string log_line(const Context& context, std::string_view label, std::string_view text);

}  // namespace headgate::access
