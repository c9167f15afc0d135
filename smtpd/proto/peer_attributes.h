// What a trusted client says of the client behind it: the attributes of XCLIENT (who speaks from now on) and of XFORWARD
// (whom the next message is from, for the log).
//   Input     the words behind the verb; values are xtext; [UNAVAILABLE], and for XCLIENT [TEMPUNAVAIL], mean "not known".
//   Limits    a value has at most kMaxAttributeBytes. A port is at most 65535 (Postfix: any five digits).
//   Errors    the Reply of smtpd.md §3.3, word for word; of a command with a bad attribute nothing holds.
//   Threads   pure.      Source    XCLIENT_README, XFORWARD_README; smtpd.md §3.3. Checked against a live Postfix 3.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "smtpd/proto/reply.h"
#include "smtpd/proto/tokens.h"

namespace headgate::proto {

inline constexpr std::size_t kMaxAttributeBytes = 255;

// As EHLO lists them.
inline constexpr std::string_view kXclientAttributes =
    "NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT";
inline constexpr std::string_view kXforwardAttributes = "NAME ADDR PROTO HELO SOURCE PORT IDENT";

// Of each attribute the last value; nullopt where it was not named. "unknown" where it is not available, port 0.
struct Xclient {
  std::optional<std::string> name, reverse_name, address, server_address;
  std::optional<std::uint16_t> port, server_port;
  std::optional<std::string> protocol;  // SMTP or ESMTP
  std::optional<std::string> helo, login;
};

// The same, but IDENT and HELO are empty where they are not available.
struct Xforward {
  std::optional<std::string> name, address, protocol, helo, ident;
  bool port = false;          // was named: what it is nobody asks
  std::optional<bool> local;  // SOURCE
};

tl::expected<Xclient, Reply> parse_xclient(std::span<const Token> attributes);
tl::expected<Xforward, Reply> parse_xforward(std::span<const Token> attributes);

}  // namespace headgate::proto
