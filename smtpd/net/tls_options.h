// TlsOptions: all that makes a server's TLS context, as values; contexts with equal options may be shared.
// TlsVersions: what smtpd_tls_protocols and its kin mean.
//   Threads   values.        Errors    Code::invalid for a list that means nothing.
//   Source    postconf(5); tls_protocol grammar of Postfix 3.7: "!SSLv3, !TLSv1", ">=TLSv1.2, <=TLSv1.3", "TLSv1.3".
#pragma once

#include <chrono>
#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace headgate::net {

struct TlsOptions {
  // A certificate with its key, from the parameters for one kind of key.
  struct Pair {
    std::string kind;  // "RSA", "DSA", "ECDSA": in messages
    std::string certificate_parameter, certificate_file, key_parameter, key_file;
    friend auto operator<=>(const Pair&, const Pair&) = default;
  };

  std::vector<std::string>
      chain_files;  // each a key, then its certificate and those above it, perhaps several times
  std::vector<Pair> pairs;  // when there are no chain files
  std::string ca_file, ca_path;
  bool default_ca = false;
  bool ask_certificate = false;
  int verify_depth = 9;

  std::string protocols;
  std::string ciphers;  // OpenSSL's form, up to TLS 1.2
  std::string groups;   // for ECDHE: names between blanks; empty: the library's choice
  std::string dh_file;  // empty: a group that fits the key's size
  bool server_chooses_cipher = true;
  std::vector<std::string> options, no_workarounds;  // tls_ssl_options, tls_disable_workarounds

  std::chrono::seconds session_timeout{3600};  // 0: no session is resumed
  bool session_ids = false;  // also keep sessions here, for clients without tickets
  std::string ticket_cipher = "aes-256-cbc";  // empty: no tickets
  std::string service;  // sessions are not carried from one service to another
  std::string fingerprint_digest = "sha256";

  friend auto operator<=>(const TlsOptions&, const TlsOptions&) = default;
};

// Versions are the protocol's numbers: 0x0303 is TLS 1.2; 0 is no limit.
struct TlsVersions {
  int lowest = 0, highest = 0;
  std::vector<int> excluded;

  [[nodiscard]] bool admits(int version) const;
};

inline constexpr int kSslV3 = 0x0300, kTlsV1 = 0x0301, kTlsV1_1 = 0x0302, kTlsV1_2 = 0x0303,
                     kTlsV1_3 = 0x0304;

Result<TlsVersions> parse_tls_versions(std::string_view list);

}  // namespace headgate::net
