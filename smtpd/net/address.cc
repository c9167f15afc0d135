// Asio's own parser and printer, with the mapped form undone and scope ids dropped. Tested by address_test.
#include "smtpd/net/address.h"

#include "engine/base/text.h"

namespace headgate::net {
namespace {

aio::ip::address unmapped(const aio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return aio::ip::make_address_v4(aio::ip::v4_mapped, address.to_v6());
}

}  // namespace

std::string to_text(const aio::ip::address& address) {
  const aio::ip::address plain = unmapped(address);
  if (plain.is_v4()) return plain.to_v4().to_string();
  return aio::ip::address_v6(plain.to_v6().to_bytes())
      .to_string();  // built from bytes: no scope id
}

Endpoint to_endpoint(const aio::ip::tcp::endpoint& endpoint) {
  return Endpoint{to_text(endpoint.address()), endpoint.port()};
}

std::optional<aio::ip::address> parse_address(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
    text = text.substr(1, text.size() - 2);
  if (text::starts_with_ignore_case(text, "IPv6:")) text.remove_prefix(5);
  aio::error_code error;
  aio::ip::address address = aio::ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

bool is_loopback(const aio::ip::address& address) { return unmapped(address).is_loopback(); }

}  // namespace headgate::net
