// TlsContext: what the server side of all TLS connections of a service shares: certificates, protocols, ciphers, the secrets
// of session tickets.
//   Ownership shared: sessions keep theirs after a reload has brought another.
//   Threads   open() on any one; afterwards any number of handshakes on any threads.
//   Errors    open(): a context that lacks anything is none. All is told to `warn` in Postfix's words; the Error repeats the
//             gist, and `where` names the parameter.
//   Source    tls_server(3) of Postfix; postconf(5); smtpd.md §3.10.
#pragma once

#include <memory>

#include "engine/base/diagnostic.h"
#include "engine/base/error.h"
#include "smtpd/net/tls_certificates.h"
#include "smtpd/net/tls_options.h"
#include "smtpd/net/tls_tickets.h"

namespace headgate::net {

class TlsContext {
 public:
  static Result<std::shared_ptr<TlsContext>> open(TlsOptions options,
                                                  std::shared_ptr<TlsTicketKeys> keys,
                                                  const WarningSink& warn);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] const TlsOptions& options() const { return options_; }

  [[nodiscard]] ssl_ctx_st* handle() const { return context_; }

 private:
  class Maker;
  TlsContext(TlsOptions options, std::shared_ptr<TlsTicketKeys> keys, ssl_ctx_st* context);

  TlsOptions options_;
  std::shared_ptr<TlsTicketKeys> keys_;
  ssl_ctx_st* context_;
};

// Certificates of their own for some server names (SNI). Asked in the middle of a handshake: it must not take long.
class TlsNames {
 public:
  TlsNames() = default;
  TlsNames(const TlsNames&) = delete;
  TlsNames& operator=(const TlsNames&) = delete;
  virtual ~TlsNames() = default;

  // Null: the name has none of its own. Any thread.
  virtual Result<std::shared_ptr<const TlsCertificates>> find(std::string_view name) = 0;
};

}  // namespace headgate::net
