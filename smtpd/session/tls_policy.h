// What the settings say about TLS: whether it is offered or required, what its context is made of, what the log hears.
//   Threads   pure.
//   Source    smtpd(8), postconf(5); smtpd.md §3.3; the legacy parameters as Postfix 3.7 reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtpd/config/settings.h"
#include "smtpd/net/tls_options.h"

namespace headgate::session {

// STARTTLS is wanted or needed, or the service speaks nothing else.
bool uses_tls(const config::Settings& settings);
// No mail without TLS: smtpd_tls_security_level = encrypt, smtpd_enforce_tls, smtpd_tls_wrappermode.
bool requires_tls(const config::Settings& settings);
bool asks_client_certificate(const config::Settings& settings);
// No session without a client certificate that is trusted.
bool requires_client_certificate(const config::Settings& settings);

// `service`: sessions are resumed within a service.
net::TlsOptions tls_options(const config::Settings& settings, std::string_view service);

// What these settings ask for and do not get, in Postfix's words: nothing that keeps TLS from working.
std::vector<std::string> tls_warnings(const config::Settings& settings);

// 0, 1 = a line a handshake, 2 = each step of it.
int tls_log_level(const config::Settings& settings);

}  // namespace headgate::session
