// Ports: the listening sockets of every smtpd service, which MASTER makes and keeps, whichever FRONT accepts from them.
//   Ownership the sockets are the Ports'; a FRONT gets descriptors of its own.
//   Threads   MASTER's only.
//   Errors    Code::unavailable "bind ADDRESS port N: Address already in use"; Code::invalid for a host or port that means
//             nothing. prepare() takes everything or leaves everything as it was.
//   Source    master(8); sd_listen_fds(3) for sockets that were there before us; smtpd.md §1.4.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "smtpd/config/load.h"
#include "smtpd/net/address.h"

namespace headgate::master {

using Endpoints = std::vector<aio::ip::tcp::endpoint>;

// Where a service of master.cf shall listen; blocks on getaddrinfo(3).
Result<Endpoints> service_endpoints(const config::Service& service);

bool is_smtp_service(const config::Service& service);
// Whether it has an SMTP service of that canonical name.
bool serves(const config::Config& config, const std::string& canonical);
// Postfix daemons whose work this server does itself, or which it need not have.
bool is_known_service(const config::Service& service);

class Ports {
 public:
  struct Socket {
    Fd fd;
    aio::ip::tcp::endpoint local;
  };

  using Sockets = std::map<std::string, std::vector<Socket>>;  // by canonical name

  // Sockets that systemd has opened for us: taken where a service wants their address.
  void offer(std::vector<Fd> sockets);

  // Makes what the configuration wants and is not there yet. It is in force once take() has said so; drop() undoes it.
  // `culprit`: the service that could not have its ports.
  Result<void> prepare(const config::Config& config, std::string* culprit = nullptr);
  void take();
  void drop();

  // At a start: the FRONT of a server that was killed ends a moment after it and has its ports until then. Blocks.
  Result<void> prepare_patiently(const config::Config& config, Env& env);

  // Those in force, and between prepare() and take() those to come.
  [[nodiscard]] const Sockets& sockets() const { return next_ ? *next_ : sockets_; }

  [[nodiscard]] std::vector<net::Endpoint> listening_on() const;

  // From the program before an upgrade.
  void adopt(std::string service, Fd socket);

 private:
  Result<std::vector<Socket>> open(const config::Service& service, const Sockets& wanted);
  Result<Socket> open_one(const aio::ip::tcp::endpoint& where, int backlog);
  void silence(std::uint16_t port, const config::Config& config);

  Sockets sockets_;
  std::optional<Sockets> next_;  // what stays is a copy of the descriptor
  std::vector<Socket> offered_;
  std::vector<std::pair<std::string, std::size_t>> silenced_;  // service and number of the socket
};

}  // namespace headgate::master
