// Request and Command: one line a client sent -> what it asks for, or the reply that its mistake
// deserves. No I/O, no state.
//   Use       Request request(line); request.verb() names the row of the verb table (for limits,
//   counts and WHERE);
//             the session checks its own state first, as Postfix does, then takes
//             request.parse(rules).
//   Limits    the caller cuts the line at line_length_limit; nothing here grows beyond a small
//   multiple of it. Errors    the Reply of smtpd.md §3.3, word for word. Not offered yet: AUTH.
//   Lifetime  Request and Command own their text.        Threads
//   values. Source    RFC 5321 §4.1.1, smtpd(8); smtpd.md §3.2-3.3. Checked against a live
//   Postfix 3.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "smtpd/proto/peer_attributes.h"
#include "smtpd/proto/reply.h"
#include "smtpd/proto/tokens.h"

namespace headgate::proto {

// In the order of Postfix's "disconnect from" line.
enum class Verb : std::uint8_t {
  helo,
  ehlo,
  xclient,
  xforward,
  starttls,
  auth,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  vrfy,
  etrn,
  quit,
  help,
  unknown
};
inline constexpr std::size_t kVerbCount = 17;

struct VerbRow {
  std::string_view name;     // "MAIL": WHERE in log lines; "UNKNOWN" for unknown
  std::string_view counter;  // "mail": in the disconnect line
  bool junk;                 // counts towards smtpd_junk_command_limit
  bool before_tls;           // may come first where TLS is required
  bool ends_group;           // must be the last command of a pipelined group
};

const VerbRow& row(Verb verb);

enum class Body : std::uint8_t { unspecified, seven_bit, eight_bit_mime };

struct Hello {       // HELO and EHLO
  std::string name;  // what is unsafe in a header or log stands as '?'
  bool extended = false;
};

struct Mail {
  std::string sender;  // internal form; "" = the null sender
  std::optional<std::uint64_t> size;
  Body body = Body::unspecified;
  bool smtputf8 = false;
  std::string ret;        // "", "FULL", "HDRS"
  std::string envid;      // decoded
  bool has_auth = false;  // AUTH= named somebody (and, without SASL, is ignored)
};

struct Rcpt {
  std::string recipient;  // internal form
  std::string given;      // the path as the client wrote it
  std::string
      notify;  // "", "NEVER", "SUCCESS,FAILURE", … upper case, in this order: SUCCESS FAILURE DELAY
  std::string orcpt;        // "rfc822;a@b", xtext decoded
  bool postmaster = false;  // a bare `postmaster`: no restriction applies (RFC 5321 §4.5.1)
};

struct Data {};

struct Bdat {
  std::uint64_t size_bytes = 0;  // that follow the command line
  bool last = false;
};

struct Starttls {};

struct Rset {};

struct Noop {};

struct Quit {};

struct Help {};

struct Vrfy {
  std::string argument;  // as given: the reply repeats it
  std::string address;   // internal form
};

struct Etrn {
  std::string domain;
};

using Command = std::variant<Hello, Xclient, Xforward, Starttls, Mail, Rcpt, Data, Bdat, Rset, Noop,
                             Vrfy, Etrn, Quit, Help>;

struct ParseRules {
  bool strict = false;                   // strict_rfc821_envelopes
  bool smtputf8 = false;                 // SMTPUTF8 is offered
  bool utf8_transaction = false;         // MAIL said it
  bool strict_smtputf8 = false;          // an address that is not ASCII must be declared
  bool utf8_names = false;               // smtputf8_enable: HELO names keep their UTF-8
  bool vrfy_disabled = false;            // disable_vrfy_command
  bool dsn_disabled = false;             // hidden by smtpd_discard_ehlo_keywords
  bool chunking_disabled = false;        // the same
  bool help = true;                      // ours: answer HELP (RFC 5321 §4.1.1.8); Postfix: 500
  std::uint64_t message_size_limit = 0;  // 0 = none: checks a declared SIZE
};

class Request {
 public:
  explicit Request(std::string_view line);

  [[nodiscard]] Verb verb() const { return verb_; }

  [[nodiscard]] bool has_arguments() const { return tokens_.size() > 1; }

  [[nodiscard]] bool empty() const { return tokens_.empty(); }  // 500 5.5.2 Error: bad syntax

  [[nodiscard]] std::string_view word() const;  // the verb as written: for smtpd_noop_commands
  [[nodiscard]] std::string given() const;      // the words, a blank between them
  // "Subject:" and the like: no SMTP client; hang up (smtpd.md §3.2).
  [[nodiscard]] bool looks_like_header() const;

  [[nodiscard]] tl::expected<Command, Reply> parse(const ParseRules& rules) const;

 private:
  using Parsed = tl::expected<Command, Reply>;
  [[nodiscard]] Parsed hello(bool extended, bool utf8) const;
  [[nodiscard]] Parsed mail(const ParseRules& rules) const;
  [[nodiscard]] Parsed rcpt(const ParseRules& rules) const;
  [[nodiscard]] Parsed bdat(const ParseRules& rules) const;
  [[nodiscard]] Parsed vrfy(const ParseRules& rules) const;
  [[nodiscard]] Parsed etrn() const;
  [[nodiscard]] bool says_smtputf8(std::size_t from) const;  // one of the words from there on
  [[nodiscard]] std::string arguments(std::size_t from, std::size_t to) const;

  std::vector<Token> tokens_;
  Verb verb_ = Verb::unknown;
};

}  // namespace headgate::proto
