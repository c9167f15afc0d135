// Tested by tests/smtpd/config/interfaces_test.cc.
#include "smtpd/config/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::config {

namespace {

using Bytes = std::array<unsigned char, 16>;

// The address bytes of a sockaddr; 4 or 16 of them, 0 for other families. memcpy: no alignment is promised.
std::size_t address_bytes(const sockaddr* address, Bytes& bytes) {
  if (address == nullptr) return 0;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(bytes.data(), &v4.sin_addr, 4);
    return 4;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(bytes.data(), &v6.sin6_addr, 16);
    return 16;
  }
  return 0;
}

std::string to_text(const Bytes& bytes, bool ipv6) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (inet_ntop(ipv6 ? AF_INET6 : AF_INET, bytes.data(), buffer.data(), buffer.size()) == nullptr)
    return {};
  return buffer.data();
}

bool to_bytes(const std::string& address, bool ipv6, Bytes& bytes) {
  return inet_pton(ipv6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) == 1;
}

std::string network_of(const InterfaceAddress& address) {
  Bytes bytes{};
  if (!to_bytes(address.address, address.ipv6, bytes)) return address.address;
  const int size = address.ipv6 ? 128 : 32;
  for (int bit = address.prefix; bit < size; ++bit) {
    auto& byte = bytes[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<unsigned char>(byte & ~(0x80 >> (bit % 8)));
  }
  return to_text(bytes, address.ipv6);
}

bool resolves_to_loopback_only(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    Bytes bytes{};
    const std::size_t size = address_bytes(one->ai_addr, bytes);
    if (size == 0 || !is_loopback_host(to_text(bytes, size == 16))) return false;
  }
  return list != nullptr;
}

}  // namespace

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::vector<InterfaceAddress> interface_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {{"127.0.0.1", false, 8}, {"::1", true, 128}};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  std::vector<InterfaceAddress> addresses;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    Bytes bytes{}, mask{};
    const std::size_t size = address_bytes(one->ifa_addr, bytes);
    if (size == 0) continue;
    int prefix = static_cast<int>(size) * 8;
    if (address_bytes(one->ifa_netmask, mask) == size) {
      prefix = 0;
      for (std::size_t i = 0; i < size; ++i) prefix += std::popcount(mask[i]);
    }
    addresses.push_back({to_text(bytes, size == 16), size == 16, prefix});
  }
  return addresses;
}

bool is_loopback_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (text::equal_ignore_case(host, "localhost")) return true;
  const std::string name(host);
  Bytes bytes{};
  if (to_bytes(name, false, bytes)) return bytes[0] == 127;
  if (to_bytes(name, true, bytes)) {
    Bytes one{};
    one[15] = 1;
    return bytes == one;
  }
  return resolves_to_loopback_only(name);
}

std::string networks_text(const std::vector<InterfaceAddress>& addresses, bool subnets) {
  std::vector<std::string> networks;
  for (const InterfaceAddress& address : addresses) {
    const int prefix = subnets ? address.prefix : (address.ipv6 ? 128 : 32);
    const std::string network = subnets ? network_of(address) : address.address;
    std::string text = address.ipv6 ? fmt::format("[{}]/{}", network, prefix)
                                    : fmt::format("{}/{}", network, prefix);
    if (std::find(networks.begin(), networks.end(), text) == networks.end())
      networks.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(networks, " "));
}

Endpoint split_endpoint(std::string_view service) {
  const auto colon = service.rfind(':');
  if (colon == std::string_view::npos) return {"", std::string(service)};
  std::string_view host = service.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(service.substr(colon + 1))};
}

std::string port_number(std::string_view port, std::string_view known_tcp_ports) {
  if (text::all_digits(port)) return std::string(port);
  for (const std::string_view item :
       text::split(known_tcp_ports, ", \t\r\n")) {  // "smtps=submissions=465"
    const auto names = text::split(item, "=");
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      if (names[i] == port) return std::string(names.back());
    }
  }
  const servent* known = getservbyname(std::string(port).c_str(), "tcp");
  return known == nullptr ? std::string(port)
                          : std::to_string(ntohs(static_cast<std::uint16_t>(known->s_port)));
}

}  // namespace headgate::config
