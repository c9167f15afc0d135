// client_range(): what a client's counts are kept under: its address, or its network where networks are counted as one.
//   Units     prefix lengths in bits; the whole length or more (and 0 and less) leave the address as it is.
//   Threads   pure.      Source    smtpd_client_ipv4_prefix_length, smtpd_client_ipv6_prefix_length of Postfix 3.8.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::stress {

// "192.0.2.0/24" for 192.0.2.7 and 24; what is no IP address comes back unchanged.
std::string client_range(const std::string& address, std::int64_t ipv4_length,
                         std::int64_t ipv6_length);

}  // namespace headgate::stress
