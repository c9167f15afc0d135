// The order of the complaints is Postfix's: brackets, mask value, mask length, network, host bits. Its mask length is a
// byte: /257 is /1, and /256 is /0.
// Tested by tests/tables/cidr_table_test.cc, tests/cases/postmap/cidr*.case and, against postmap(1), by
// tests/tables/cidr_agrees_test.py.
#include "tables/cidr_pattern.h"

#include <arpa/inet.h>

#include <algorithm>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::tables {

namespace {

// What strtol(3) makes of digits, cut to a byte.
unsigned mask_value(std::string_view digits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMost - digit) / 10 ? kMost : value * 10 + digit;
  }
  return static_cast<unsigned>(value & 0xFFU);
}

Address masked(const Address& address, unsigned prefix) {
  Address result = address;
  for (unsigned i = 0; i < result.bytes.size(); ++i) {
    const unsigned kept = prefix > 8 * i ? std::min(prefix - 8 * i, 8U) : 0;
    result.bytes[i] = static_cast<std::uint8_t>(result.bytes[i] & (0xFF00U >> kept));
  }
  return result;
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(address.byte_count == 4 ? AF_INET : AF_INET6, address.bytes.data(), buffer.data(),
            buffer.size());
  return buffer.data();
}

struct Parts {
  std::string_view address;
  std::optional<std::string_view> mask;
};

Parts split_mask(std::string_view pattern) {
  const std::size_t slash = pattern.find('/');
  if (slash == std::string_view::npos) return {pattern, std::nullopt};
  return {pattern.substr(0, slash), pattern.substr(slash + 1)};
}

// Takes [] off "[address/length]" and "[address]/length".
Result<Parts> split_pattern(std::string_view pattern) {
  if (!pattern.starts_with('[')) return split_mask(pattern);
  const std::size_t close = pattern.find(']');
  const std::string_view inside = pattern.substr(1, close == pattern.npos ? close : close - 1);
  if (close == pattern.npos)
    return fail(Code::invalid, fmt::format("missing ']' character after \"[{}\"", inside));
  const std::string_view after = pattern.substr(close + 1);
  if (after.empty()) return split_mask(inside);
  if (after.front() != '/')
    return fail(Code::invalid, fmt::format("garbage after \"[{}]\"", inside));
  return Parts{inside, after.substr(1)};
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const std::string whole(text);
  if (whole.find('\0') != std::string::npos) return std::nullopt;
  const bool is_v6 = whole.find(':') != std::string::npos;
  Address address;
  address.byte_count = is_v6 ? 16 : 4;
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, whole.c_str(), address.bytes.data()) != 1)
    return std::nullopt;
  return address;
}

bool Network::contains(const Address& address) const {
  return masked(address, prefix).bytes == first.bytes;
}

Result<Network> parse_network(std::string_view pattern) {
  TRY(parts, split_pattern(pattern));
  const auto address = parse_address(parts.address);
  const bool is_v6 = parts.address.find(':') != std::string_view::npos;
  const unsigned bits = is_v6 ? 128 : 32;
  Network network;
  network.prefix = bits;
  if (!parts.mask) {
    if (!address)
      return fail(Code::invalid, fmt::format("bad address pattern: \"{}\"", parts.address));
    network.first = *address;
    return network;
  }
  const auto complain = [&](std::string_view what) {
    return fail(Code::invalid, fmt::format("{} in \"{}/{}\"", what, parts.address, *parts.mask));
  };
  if (!text::all_digits(*parts.mask)) return complain("bad mask value");
  network.prefix = mask_value(*parts.mask);
  if (network.prefix > bits) return complain("bad mask length");
  if (!address) return complain("bad network value");
  network.first = masked(*address, network.prefix);
  if (network.first.bytes == address->bytes) return network;
  return fail(Code::invalid,
              fmt::format("non-null host address bits in \"{}/{}\", perhaps you "
                          "should use \"{}/{}\" instead",
                          parts.address, *parts.mask, text_of(network.first), network.prefix));
}

}  // namespace headgate::tables
