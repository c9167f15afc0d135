// Address: how a socket's ends are written in replies, log lines and keys.
//   Units     ports in host order.
//   Threads   pure.          Errors    none: an address that is no IP address parses to nothing.
//   Source    smtpd.md §3.1: an IPv4 address mapped into IPv6 is shown as IPv4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "smtpd/net/aio.h"

namespace headgate::net {

// One end of a connection, as text: "192.0.2.1", "2001:db8::1"; scope ids are left out.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

// "192.0.2.1" for ::ffff:192.0.2.1.
std::string to_text(const aio::ip::address& address);
Endpoint to_endpoint(const aio::ip::tcp::endpoint& endpoint);

// "127.0.0.1", "::1", "[::1]", "IPv6:::1"; nothing for a name.
std::optional<aio::ip::address> parse_address(std::string_view text);

[[nodiscard]] bool is_loopback(const aio::ip::address& address);

}  // namespace headgate::net
