// tls_server_sni_maps: certificates by the name that a client asks for. Keys are host names in lower case, or ".domain" for
// what lies below it; a value lists PEM files (each a key and its chain), or is such a file in base64, as `postmap -F` stores it.
//   Lifetime  of a service's state; the handshakes under way end before it.
//   Threads   any: the tables and what was read are behind a mutex. Files are read once, in the middle of a handshake.
//   Errors    a table or a file that cannot be read fails the handshake and is logged through `warn`.
//   Source    postconf(5); tls_server(3) of Postfix 3.7.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/lookup.h"
#include "engine/rules/program_source.h"
#include "smtpd/net/tls_context.h"

namespace headgate::session {

class TlsServerNames final : public net::TlsNames {
 public:
  TlsServerNames(const std::vector<std::string>& maps, rules::ProgramSource& programs,
                 const WarningSink& warn);

  Result<std::shared_ptr<const net::TlsCertificates>> find(std::string_view name) override;

 private:
  using Certificates = std::shared_ptr<const net::TlsCertificates>;

  Result<std::string> look_up(const std::string& name);
  Result<Certificates> read(const std::string& value, const std::string& name);

  WarningSink warn_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lookup>> tables_;
  std::map<std::string, Certificates> read_;  // by the tables' value: as many as the tables have
};

}  // namespace headgate::session
