// What the machine says about itself: its name and its addresses; and which listen addresses are loopback.
//   Errors    none: what cannot be found out falls back to the narrow answer (localhost, loopback addresses).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headgate::config {

struct InterfaceAddress {
  std::string address;  // "192.0.2.2", "fd00::2"
  bool ipv6 = false;
  int prefix = 0;  // of its network
};

std::string machine_name();  // gethostname(2), "localhost" when that fails

std::vector<InterfaceAddress> interface_addresses();

// True for 127/8, ::1 (with or without brackets) and localhost. Other names are looked up; one that cannot be found
// counts as remote, the careful answer.
bool is_loopback_host(std::string_view host);

// "127.0.0.1/32 [::1]/128 …", or whole networks with `subnets`.
std::string networks_text(const std::vector<InterfaceAddress>& addresses, bool subnets);

// The part of "host:port", "[v6]:port" or "port" of an inet service.
struct Endpoint {
  std::string host, port;
};

Endpoint split_endpoint(std::string_view service);

// "smtp" -> "25"; a name that nobody knows stays as it is.
std::string port_number(std::string_view port, std::string_view known_tcp_ports);

}  // namespace headgate::config
