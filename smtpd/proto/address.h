// Paths of MAIL, RCPT and VRFY: external form in, the address as logs, tables and the queue have it
// out.
//   Form      the internal form is unquoted: "a b"@c becomes a b@c; a source route @x,@y: is
//   dropped (RFC 5321 §C, as
//             Postfix). The domain is what follows the LAST @, so user@a@b has domain b and stays
//             visible as routed.
//   Limits    kMaxAddressBytes. Control characters, NUL included, are refused: they must not reach
//   logs and queue files. Errors    nullopt; the caller says 501 5.1.7 (sender) or 501 5.1.3
//   (recipient).         Threads  pure functions. Source    RFC 5321 §4.1.2, tok822_parse(3),
//   valid_hostname(3); smtpd.md §3.3. Checked against a live Postfix 3.7.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::proto {

inline constexpr std::size_t kMaxAddressBytes = 1024;

struct AddressRules {
  bool allow_empty = false;  // <> is the null sender
  bool strict = false;       // strict_rfc821_envelopes: angle brackets, no comments, no route
  bool utf8_domain = false;  // SMTPUTF8 was declared
};

// The internal form of `<path>` or, unless strict, a bare address with comments. "" only with
// allow_empty.
std::optional<std::string> parse_address(std::string_view text, const AddressRules& rules);

// user@domain, split at the last @. Without @ the domain is empty and the whole is the local part.
std::string_view local_part(std::string_view address);
std::string_view domain_part(std::string_view address);
bool has_domain(std::string_view address);

// The external form: the local part quoted where RFC 5321 demands it. "" stays "".
std::string quote_address(std::string_view address);

// Postfix's ideas: letters, digits, '-', '_' in labels of 63 bytes, 255 in all, not all numeric.
bool valid_hostname(std::string_view name);
bool valid_host_address(std::string_view address);     // 192.0.2.1 or 2001:db8::1
bool valid_address_literal(std::string_view literal);  // [192.0.2.1], [IPv6:2001:db8::1]
// The address within a valid literal, "" otherwise.
std::string_view literal_address(std::string_view literal);

}  // namespace headgate::proto
