// How: each word is split and decoded in one place; a function for each attribute then judges its value. What may stand in
// a log line or a Received: header is made neutral here.
// Tested by peer_attributes_test, tests/smtp/xclient*.smtp, xforward.smtp, smtp_dialogue_fuzz.
#include "smtpd/proto/peer_attributes.h"

#include <arpa/inet.h>

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/proto/address.h"
#include "smtpd/proto/dsn_params.h"

namespace headgate::proto {
namespace {

constexpr std::string_view kUnknown = "unknown";

Reply no(std::string text) { return {501, "5.5.4", std::move(text)}; }

struct Attribute {
  std::string name;                  // upper case
  std::string given;                 // as it came
  std::optional<std::string> value;  // decoded; nullopt: no xtext
  bool unavailable = false, temporarily = false;

  [[nodiscard]] Reply bad() const { return no(fmt::format("Bad {} syntax: {}", name, given)); }
};

tl::expected<Attribute, Reply> split(const Token& token) {
  const std::size_t equals = token.text.find('=');
  if (token.broken || equals == std::string::npos || equals == 0 || equals + 1 == token.text.size())
    return tl::unexpected<Reply>(no("Error: attribute=value expected"));
  Attribute attribute;
  attribute.name = text::upper(token.text.substr(0, equals));
  attribute.given = token.text.substr(equals + 1);
  if (attribute.given.size() > kMaxAttributeBytes)
    return tl::unexpected<Reply>(no("Error: attribute value too long"));
  attribute.value = decode_xtext(attribute.given);
  attribute.unavailable = text::equal_ignore_case(attribute.given, "[UNAVAILABLE]");
  attribute.temporarily = text::equal_ignore_case(attribute.given, "[TEMPUNAVAIL]");
  return attribute;
}

using Text = std::optional<std::string>;

Text host_name(const Attribute& a, bool may_be_temporary) {
  if (a.unavailable || (may_be_temporary && a.temporarily)) return std::string(kUnknown);
  if (!a.value || !valid_hostname(*a.value)) return std::nullopt;
  return a.value;
}

// Four decimal numbers; one that begins with 0 is octal, as the system has it and Postfix after it.
bool read_ipv4(const std::string& text, in_addr& address) {
  const std::vector<std::string_view> parts = text::split(text, ".");
  if (parts.size() != 4) return false;
  for (const std::string_view part : parts) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value > 255) return false;
  }
  return ::inet_aton(text.c_str(), &address) == 1;
}

std::string shown(int family, const void* address) {
  char text[INET6_ADDRSTRLEN] = "";
  return ::inet_ntop(family, address, text, sizeof text) == nullptr ? std::string() : text;
}

// 192.0.2.1, IPv6:2001:db8::1; as tables have it: shortened, and ::ffff:192.0.2.1 as 192.0.2.1.
Text host_address(const Attribute& a) {
  if (a.unavailable) return std::string(kUnknown);
  if (!a.value || a.value->find('\0') != std::string::npos) return std::nullopt;
  std::string address = *a.value;
  in_addr v4{};
  in6_addr v6{};
  if (!text::starts_with_ignore_case(address, "IPv6:"))
    return read_ipv4(address, v4) ? Text(shown(AF_INET, &v4)) : std::nullopt;
  address.erase(0, std::string_view("IPv6:").size());
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return std::nullopt;
  if (!IN6_IS_ADDR_V4MAPPED(&v6)) return shown(AF_INET6, &v6);
  return shown(AF_INET, reinterpret_cast<const char*>(&v6) + sizeof v6 - sizeof v4);
}

std::optional<std::uint16_t> port(const Attribute& a) {
  if (a.unavailable) return std::uint16_t{0};
  std::uint16_t number = 0;
  const std::string_view digits = a.given;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// What is no xtext stays as it came, as in Postfix.
std::string neutral_text(const Attribute& a) { return neutral(a.value.value_or(a.given), true); }

bool keep(Text value, Text& field) {
  field = std::move(value);
  return field.has_value();
}

bool keep_port(std::optional<std::uint16_t> value, std::optional<std::uint16_t>& field) {
  field = value;
  return field.has_value();
}

bool set_protocol(const Attribute& a, Xclient& x) {
  if (!text::equal_ignore_case(a.given, "SMTP") && !text::equal_ignore_case(a.given, "ESMTP"))
    return false;
  x.protocol = text::upper(a.given);
  return true;
}

// nullopt: no such attribute; false: a bad value.
std::optional<bool> set(const Attribute& a, Xclient& x) {
  if (a.name == "NAME") return keep(host_name(a, true), x.name);
  if (a.name == "REVERSE_NAME") return keep(host_name(a, true), x.reverse_name);
  if (a.name == "ADDR") return keep(host_address(a), x.address);
  if (a.name == "DESTADDR") return keep(host_address(a), x.server_address);
  if (a.name == "PORT") return keep_port(port(a), x.port);
  if (a.name == "DESTPORT") return keep_port(port(a), x.server_port);
  if (a.name == "PROTO") return set_protocol(a, x);
  if (a.name == "HELO")
    return keep(a.unavailable || a.temporarily ? std::string(kUnknown) : neutral_text(a), x.helo);
  if (a.name != "LOGIN") return std::nullopt;
  if (!a.unavailable) x.login = neutral_text(a);
  return true;
}

bool set_source(const Attribute& a, Xforward& x) {
  const bool local = text::equal_ignore_case(a.given, "LOCAL");
  if (!local && !a.unavailable && !text::equal_ignore_case(a.given, "REMOTE")) return false;
  x.local = local;
  return true;
}

std::optional<bool> set(const Attribute& a, Xforward& x) {
  if (a.name == "NAME") return keep(host_name(a, false), x.name);
  if (a.name == "ADDR") return keep(host_address(a), x.address);
  if (a.name == "PORT") return x.port = port(a).has_value();
  if (a.name == "PROTO")
    return keep(a.unavailable ? std::string(kUnknown) : neutral_text(a), x.protocol);
  if (a.name == "HELO") return keep(a.unavailable ? std::string() : neutral_text(a), x.helo);
  if (a.name == "IDENT") return keep(a.unavailable ? std::string() : neutral_text(a), x.ident);
  if (a.name == "SOURCE") return set_source(a, x);
  return std::nullopt;
}

template <class Attributes>
tl::expected<Attributes, Reply> parse(std::span<const Token> words, std::string_view verb) {
  if (words.empty())
    return tl::unexpected<Reply>(no(fmt::format("Syntax: {} attribute=value...", verb)));
  Attributes attributes;
  for (const Token& word : words) {
    const auto attribute = split(word);
    if (!attribute) return tl::unexpected<Reply>(attribute.error());
    const std::optional<bool> good = set(*attribute, attributes);
    if (!good)
      return tl::unexpected<Reply>(
          no(fmt::format("Bad {} attribute name: {}", verb, attribute->name)));
    if (!*good) return tl::unexpected<Reply>(attribute->bad());
  }
  return attributes;
}

}  // namespace

tl::expected<Xclient, Reply> parse_xclient(std::span<const Token> attributes) {
  return parse<Xclient>(attributes, "XCLIENT");
}

tl::expected<Xforward, Reply> parse_xforward(std::span<const Token> attributes) {
  return parse<Xforward>(attributes, "XFORWARD");
}

}  // namespace headgate::proto
