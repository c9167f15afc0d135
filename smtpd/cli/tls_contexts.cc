// Tested by tls_contexts_test and tests/e2e/tls_test.py (reload, tickets after it).
#include "smtpd/cli/tls_contexts.h"

#include <string>
#include <utility>

#include "smtpd/session/tls_policy.h"

namespace headgate::cli {

std::shared_ptr<net::TlsTicketKeys> TlsContexts::keys_for(std::chrono::seconds lifetime) {
  std::shared_ptr<net::TlsTicketKeys>& keys = keys_[lifetime];
  if (!keys) keys = std::make_shared<net::TlsTicketKeys>(env_, lifetime);
  return keys;
}

TlsContexts::Entry& TlsContexts::entry(const config::Settings& settings, std::string_view service) {
  const net::TlsOptions options = session::tls_options(settings, service);
  const auto known = entries_.find(options);
  if (known != entries_.end()) return known->second;
  const std::shared_ptr<net::TlsTicketKeys> keys = keys_for(options.session_timeout);
  std::vector<Diagnostic> said;
  for (std::string& warning : session::tls_warnings(settings))
    said.push_back({Severity::warning, std::move(warning), {}});
  Opened opened =
      net::TlsContext::open(options, keys, [&said](const Diagnostic& d) { said.push_back(d); });
  Entry made{std::move(opened), std::move(said)};
  return entries_.emplace(options, std::move(made)).first->second;
}

TlsContexts::Opened TlsContexts::open(const config::Settings& settings, std::string_view service,
                                      const WarningSink& warn) {
  if (!session::uses_tls(settings)) return std::shared_ptr<net::TlsContext>();
  Entry& found = entry(settings, service);
  for (const Diagnostic& diagnostic : std::exchange(found.untold, {})) warn(diagnostic);
  return found.opened;
}

void TlsContexts::read_keys(const config::Config& config) {
  for (const config::Service& service : config.services) {
    if (service.type == "unix" || service.command != "smtpd") continue;
    for (const config::SettingsPtr& settings : {service.calm, service.stressed}) {
      if (session::uses_tls(*settings)) entry(*settings, service.canonical);
    }
  }
}

std::shared_ptr<TlsContexts> TlsContexts::afresh() const {
  auto next = std::make_shared<TlsContexts>(env_);
  next->keys_ = keys_;
  return next;
}

TlsContexts::TicketKeys TlsContexts::ticket_keys() const {
  TicketKeys all;
  for (const auto& [lifetime, keys] : keys_) all[lifetime] = keys->keys();
  return all;
}

void TlsContexts::adopt(const TicketKeys& keys) {
  for (const auto& [lifetime, of_it] : keys) keys_for(lifetime)->adopt(of_it);
}

}  // namespace headgate::cli
