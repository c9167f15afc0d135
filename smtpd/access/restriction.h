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

#include "smtpd/proto/reply.h"

namespace headgate::access {

struct Context {
  std::string client_name = "unknown", client_address;
  std::string where = "RCPT";     // CONNECT, HELO, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE, VRFY
  std::string protocol = "SMTP";  // or ESMTP
  std::optional<std::string> helo_name;
  std::optional<std::string> sender;     // "" = the null sender; nullopt before MAIL
  std::optional<std::string> recipient;  // internal form
  std::optional<std::string> etrn_domain;
  bool unauthorized_pipelining = false;
  bool authenticated = false;  // has logged in
  std::string shown_client;    // for log lines; empty: client()

  // "name[addr]"
  [[nodiscard]] std::string client() const { return client_name + '[' + client_address + ']'; }
};

// The answer to the session.
struct Decision {
  // A refusal with its log line; or a permit (nothing set).
  std::optional<proto::Reply> refusal;
  std::string
      log;  // "reject: RCPT from …": for a log line after the queue id or NOQUEUE; with refusal only
  std::vector<std::string>
      notes;  // "reject_warning: RCPT from …": log them the same way, whatever the decision
  std::vector<std::string> warnings;  // log them as warnings

  [[nodiscard]] bool permits() const { return !refusal.has_value(); }
};

// The answer of one restriction to the evaluator.
enum class Outcome : std::uint8_t { dunno, permit, reject };

// "LABEL: WHERE from client: reply; from=<…> to=<…> proto=… helo=<…>"
std::string log_line(const Context& context, std::string_view label, const proto::Reply& reply);

}  // namespace headgate::access
