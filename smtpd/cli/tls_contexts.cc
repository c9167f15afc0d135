// Tested by tests/e2e/tls_test.py (reload, tickets after it).
#include "smtpd/cli/tls_contexts.h"

#include <string>
#include <utility>

#include "smtpd/session/tls_policy.h"

namespace headgate::cli {

TlsContexts::Opened TlsContexts::open(const config::Settings& settings, std::string_view service,
                                      const WarningSink& warn) {
  if (!session::uses_tls(settings)) return std::shared_ptr<net::TlsContext>();
  for (std::string& warning : session::tls_warnings(settings))
    warn({Severity::warning, std::move(warning), {}});
  const net::TlsOptions options = session::tls_options(settings, service);
  const auto known = opened_.find(options);
  if (known != opened_.end()) return known->second;
  std::shared_ptr<net::TlsTicketKeys>& keys = keys_[options.session_timeout];
  if (!keys) keys = std::make_shared<net::TlsTicketKeys>(env_, options.session_timeout);
  return opened_.emplace(options, net::TlsContext::open(options, keys, warn)).first->second;
}

std::shared_ptr<TlsContexts> TlsContexts::afresh() const {
  auto next = std::make_shared<TlsContexts>(env_);
  next->keys_ = keys_;
  return next;
}

}  // namespace headgate::cli
