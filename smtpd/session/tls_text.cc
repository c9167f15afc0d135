// Tested by tls_text_test, with lines that Postfix wrote.
#include "smtpd/session/tls_text.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::session {
namespace {

std::string_view trust(const net::TlsInfo& tls) {
  switch (tls.peer) {
    case net::TlsInfo::Peer::untrusted:
      return "Untrusted";
    case net::TlsInfo::Peer::trusted:
      return "Trusted";
    default:
      return "Anonymous";
  }
}

void add(std::string& text, std::string_view word, std::string_view value) {
  if (!value.empty()) text += fmt::format(" {} {}", word, value);
}

std::string cipher(const net::TlsInfo& tls) {
  return fmt::format("{} with cipher {} ({}/{} bits)", tls.protocol, tls.cipher, tls.cipher_bits,
                     tls.algorithm_bits);
}

std::string server_part(const net::TlsInfo& tls) {
  std::string text;
  add(text, "key-exchange", tls.key_exchange);
  add(text, "server-signature", tls.server_signature);
  add(text, "server-digest", tls.server_digest);
  return text;
}

std::string client_part(const net::TlsInfo& tls) {
  std::string text;
  add(text, "client-signature", tls.client_signature);
  add(text, "client-digest", tls.client_digest);
  return text;
}

}  // namespace

std::string tls_summary(const net::TlsInfo& tls, std::string_view client) {
  std::string text = fmt::format("{} TLS connection established from {}", trust(tls), client);
  if (!tls.server_name.empty()) text += " to " + text::printable(tls.server_name);
  return text + ": " + cipher(tls) + server_part(tls) + client_part(tls);
}

std::string tls_peer_line(const net::TlsInfo& tls, std::string_view client) {
  return fmt::format("{}: subject_CN={}, issuer={}, fingerprint={}, pkey_fingerprint={}", client,
                     text::printable(tls.peer_name), text::printable(tls.issuer_name),
                     tls.fingerprint, tls.public_key_fingerprint);
}

std::vector<std::string> tls_received_lines(const net::TlsInfo& tls, bool asked) {
  std::vector<std::string> lines = {"\t(using " + cipher(tls)};
  for (std::string part : {server_part(tls), client_part(tls)}) {
    if (!part.empty()) lines.push_back("\t" + std::move(part));
  }
  lines.back() += ')';
  if (tls.peer != net::TlsInfo::Peer::anonymous) {
    const bool trusted = tls.peer == net::TlsInfo::Peer::trusted;
    lines.push_back(fmt::format("\t(Client CN \"{}\", Issuer \"{}\" ({}))",
                                text::printable(tls.peer_name), text::printable(tls.issuer_name),
                                trusted ? "verified OK" : "not verified"));
  } else {
    lines.emplace_back(asked ? "\t(Client did not present a certificate)"
                             : "\t(No client certificate requested)");
  }
  return lines;
}

}  // namespace headgate::session
