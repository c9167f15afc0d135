// Network: an address pattern of cidr_table(5), "192.0.2.0/24", "2001:db8::/32", "[::1]", "[192.0.2.0/24]", "[::]/0".
//   Units     prefix in bits. A text with a colon is IPv6, any other IPv4; ::ffff:192.0.2.1 stays IPv6, as in Postfix.
//   Threads   values; pure functions.
//   Errors    parse_network: Code::invalid with Postfix's words (`bad mask length in "192.0.2.0/33"`).
//   Source    cidr_table(5); tests/cases/postmap/cidr.case shows what postmap(1) 3.7 says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/error.h"

namespace headgate::tables {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // an IPv4 address uses the first four
  std::uint8_t byte_count = 4;
};

// nullopt: no address.
std::optional<Address> parse_address(std::string_view text);

struct Network {
  Address first;
  unsigned prefix = 0;

  [[nodiscard]] bool same_family(const Address& address) const {
    return address.byte_count == first.byte_count;
  }

  // Of an address of the same family.
  [[nodiscard]] bool contains(const Address& address) const;
};

Result<Network> parse_network(std::string_view pattern);

}  // namespace headgate::tables
