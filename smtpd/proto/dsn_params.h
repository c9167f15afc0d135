// The values of MAIL's and RCPT's DSN parameters: xtext, RET, ENVID, NOTIFY, ORCPT.
//   Errors    nullopt: the caller has the reply's text.         Threads  pure.
//   Source    RFC 3461 §4; dsn_mask(3), xtext(3); smtpd.md §3.3. Checked against a live
//   Postfix 3.7.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace headgate::proto {

// +2B -> "+"; a '+' that is not followed by two hexadecimal digits is an error.
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view text);

std::optional<std::string> parse_ret(std::string_view value);    // "FULL" or "HDRS"
std::optional<std::string> parse_envid(std::string_view value);  // decoded; printable, not empty
std::optional<std::string> parse_notify(
    std::string_view value);  // "NEVER" or a list in canonical order
std::optional<std::string> parse_orcpt(
    std::string_view value);  // "type;address", the address decoded

}  // namespace headgate::proto
