// TlsContexts: the TLS contexts of one load of the configuration. Services and states with equal options share one; what was
// read stays as it is until the next load, whatever becomes of the files and of the right to read them.
//   Ownership the server holds those in force, a reload makes new ones; ticket keys are handed on.
//   Threads   one at a time: the thread that prepares, then the loop.
//   Errors    remembered, too: a context that could not be made is told once.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/env.h"
#include "smtpd/config/load.h"
#include "smtpd/config/settings.h"
#include "smtpd/net/tls_context.h"

namespace headgate::cli {

class TlsContexts {
 public:
  explicit TlsContexts(Env& env) : env_(env) {}

  using Opened = Result<std::shared_ptr<net::TlsContext>>;

  // What `settings` want; null when they want no TLS. `warn` hears what is wrong, in Postfix's words.
  Opened open(const config::Settings& settings, std::string_view service, const WarningSink& warn);

  // Opens what the services of type smtpd want, for a process that is about to give up the right to read keys. What is wrong
  // is told when open() asks for it.
  void read_keys(const config::Config& config);

  // For the next load: nothing read yet, the same ticket keys.
  [[nodiscard]] std::shared_ptr<TlsContexts> afresh() const;

  // Ticket keys by their lifetime, for the process that takes over.
  using TicketKeys = std::map<std::chrono::seconds, std::vector<net::TlsTicketKeys::Key>>;

  [[nodiscard]] TicketKeys ticket_keys() const;
  void adopt(const TicketKeys& keys);

 private:
  struct Entry {
    Opened opened;
    std::vector<Diagnostic> untold;
  };

  Entry& entry(const config::Settings& settings, std::string_view service);
  std::shared_ptr<net::TlsTicketKeys> keys_for(std::chrono::seconds lifetime);

  Env& env_;
  std::map<net::TlsOptions, Entry> entries_;
  std::map<std::chrono::seconds, std::shared_ptr<net::TlsTicketKeys>> keys_;
};

}  // namespace headgate::cli
