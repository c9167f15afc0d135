// Tested by anvil_test.
#include "smtpd/stress/client_range.h"

#include <arpa/inet.h>

#include <array>

#include <fmt/format.h>

namespace headgate::stress {
namespace {

void mask(unsigned char* bytes, std::size_t size, std::int64_t length) {
  for (std::size_t i = 0; i < size; ++i, length -= 8) {
    if (length >= 8) continue;
    const unsigned kept = length <= 0 ? 0U : 0xffU << static_cast<unsigned>(8 - length);
    bytes[i] = static_cast<unsigned char>(bytes[i] & kept);
  }
}

}  // namespace

std::string client_range(const std::string& address, std::int64_t ipv4_length,
                         std::int64_t ipv6_length) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const bool v6 = address.find(':') != std::string::npos;
  const int family = v6 ? AF_INET6 : AF_INET;
  const std::int64_t length = v6 ? ipv6_length : ipv4_length;
  if (length <= 0 || length >= (v6 ? 128 : 32)) return address;
  if (inet_pton(family, address.c_str(), bytes.data()) != 1) return address;
  mask(bytes.data(), v6 ? 16 : 4, length);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return address;
  return fmt::format("{}/{}", text.data(), length);
}

}  // namespace headgate::stress
