// TlsInfo: what a handshake agreed upon and whom it met, as values: for log lines, Received: and policy. No OpenSSL here.
//   Units     bits of the cipher's key.
//   Safety    names come from the peer's certificate: whoever prints them makes them printable.
//   Source    TLS_SESS_STATE(3) of Postfix; smtpd.md §3.11.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::net {

struct TlsInfo {
  enum class Peer : std::uint8_t { anonymous, untrusted, trusted };

  std::string protocol;  // "TLSv1.3"
  std::string cipher;    // "TLS_AES_256_GCM_SHA384"
  int cipher_bits = 0, algorithm_bits = 0;
  // From TLS 1.3 on, else empty: "X25519", "ECDHE (prime256v1)", "DHE (2048 bits)"; "RSA-PSS (2048 bits)"; "SHA256".
  std::string key_exchange, server_signature, server_digest, client_signature, client_digest;
  bool reused = false;      // a session of before, without a full handshake
  std::string server_name;  // that the client asked for, if it has certificates of its own

  Peer peer = Peer::anonymous;
  std::string peer_name, issuer_name;               // common names
  std::string fingerprint, public_key_fingerprint;  // "AB:CD:…"
  std::string verify_error;  // why a certificate that was shown is not trusted
};

}  // namespace headgate::net
