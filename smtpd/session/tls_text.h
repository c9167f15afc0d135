// What is written about TLS: Postfix's log lines and the lines in Received:.
//   Safety    names from certificates are made printable here.       Threads  pure.
//   Source    tls_misc.c's words as a Postfix 3.7.11 logs them; smtpd.md §3.10, §3.11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtpd/net/tls_info.h"

namespace headgate::session {

// "Anonymous TLS connection established from name[addr]: TLSv1.3 with cipher … (256/256 bits) key-exchange X25519 …"
std::string tls_summary(const net::TlsInfo& tls, std::string_view client);

// "name[addr]: subject_CN=a, issuer=b, fingerprint=…, pkey_fingerprint=…"
std::string tls_peer_line(const net::TlsInfo& tls, std::string_view client);

// Lines between "Received: from …" and "by …", each with its TAB. `asked`: for a client certificate.
std::vector<std::string> tls_received_lines(const net::TlsInfo& tls, bool asked);

}  // namespace headgate::session
