// The old sockets of a service that goes may be in the way of the new ones of another that comes ("127.0.0.1:25" becomes
// "25"), and closing them here would not free the port, because a FRONT has them open, too: shutdown(2) takes them out of
// listening for everybody, and listen(2) puts them back if the reload comes to nothing. Clients that waited in their
// backlog are lost, as with Postfix.
// Tested by tests/smtpd/master/ports_test.cc and tests/e2e/reload_test.py.
#include "smtpd/master/ports.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "smtpd/net/listener.h"

namespace headgate::master {

namespace {

constexpr std::chrono::seconds kPatience{3};
constexpr std::chrono::milliseconds kStep{20};

void append_endpoints(const Endpoints& found, const std::string& protocols, Endpoints& all) {
  for (const aio::ip::tcp::endpoint& endpoint : found) {
    const bool v6 = endpoint.address().is_v6();
    if (v6 ? protocols == "ipv4" : protocols == "ipv6") continue;
    if (std::find(all.begin(), all.end(), endpoint) == all.end()) all.push_back(endpoint);
  }
}

// What inet_interfaces means as hosts: "" is every address.
std::vector<std::string> interface_hosts(const config::Settings& settings) {
  std::vector<std::string> hosts;
  for (const std::string& item : settings.inet_interfaces) {
    if (text::equal_ignore_case(item, "all")) return {""};
    if (text::equal_ignore_case(item, "loopback-only")) {
      hosts.insert(hosts.end(), {"127.0.0.1", "::1"});
    } else {
      hosts.push_back(item);
    }
  }
  return hosts.empty() ? std::vector<std::string>{""} : hosts;
}

}  // namespace

Result<Endpoints> service_endpoints(const config::Service& service) {
  Endpoints all;
  const bool named = !service.host.empty();
  const std::vector<std::string> hosts =
      named ? std::vector<std::string>{service.host} : interface_hosts(*service.calm);
  std::optional<Error> problem;
  for (const std::string& host : hosts) {
    Result<Endpoints> found = net::listen_endpoints(host, service.port);
    if (found) {
      append_endpoints(*found, service.calm->inet_protocols, all);
    } else {
      problem = std::move(found.error());
    }
  }
  if (all.empty())
    return tl::unexpected(
        problem.value_or(Error{Code::invalid, "no address to listen on", service.name}));
  return all;
}

bool is_smtp_service(const config::Service& service) {
  return service.type == "inet" && service.command == "smtpd";
}

bool serves(const config::Config& config, const std::string& canonical) {
  return std::any_of(config.services.begin(), config.services.end(), [&](const auto& service) {
    return is_smtp_service(service) && service.canonical == canonical;
  });
}

bool is_known_service(const config::Service& service) {
  static constexpr auto kKnown = std::to_array<std::string_view>(
      {"anvil",    "bounce",          "cleanup",  "defer",  "discard", "dnsblog",
       "error",    "flush",           "lmtp",     "local",  "pickup",  "pipe",
       "postlogd", "postscreen",      "proxymap", "qmgr",   "qmqpd",   "oqmgr",
       "scache",   "showq",           "smtp",     "smtpd",  "spawn",   "tlsmgr",
       "tlsproxy", "trivial-rewrite", "verify",   "virtual"});
  return std::find(kKnown.begin(), kKnown.end(), service.command) != kKnown.end();
}

namespace {

tl::unexpected<Error> failure(const aio::ip::tcp::endpoint& where, std::string_view step) {
  return fail(Code::unavailable,
              fmt::format("{} {} port {}: {}", step, net::to_text(where.address()), where.port(),
                          std::strerror(errno)));
}

Result<aio::ip::tcp::endpoint> local_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail_errno("getsockname", "socket", errno);
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
    return fail(Code::invalid, "not an internet socket");
  aio::ip::tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), &address, size);
  endpoint.resize(size);
  return endpoint;
}

int backlog_of(const config::Service& service) {
  const std::int64_t most = std::max(service.maxproc, service.calm->default_process_limit);
  return net::backlog_of(most, service.calm->stress_evicts_idle_sessions);
}

Result<Fd> copy_of(const Fd& fd) {
  Fd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return fail_errno("dup", "socket", errno);
  return copy;
}

}  // namespace

void Ports::offer(std::vector<Fd> sockets) {
  for (Fd& fd : sockets) {
    Result<aio::ip::tcp::endpoint> local = local_of(fd.get());
    if (!local) continue;
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    offered_.push_back({std::move(fd), *local});
  }
}

void Ports::adopt(std::string service, Fd socket) {
  Result<aio::ip::tcp::endpoint> local = local_of(socket.get());
  if (local) sockets_[std::move(service)].push_back({std::move(socket), *local});
}

Result<Ports::Socket> Ports::open_one(const aio::ip::tcp::endpoint& where, int backlog) {
  for (const Socket& offered : offered_) {
    if (offered.local != where) continue;
    if (::listen(offered.fd.get(), backlog) != 0) return failure(where, "listen on");
    TRY(copy, copy_of(offered.fd));  // it stays on offer: drop() closes this one
    return Socket{std::move(copy), where};
  }
  const int family = where.protocol().family();
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return failure(where, "socket for");
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (where.address().is_v6()) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (::bind(fd.get(), where.data(), static_cast<socklen_t>(where.size())) != 0)
    return failure(where, "bind");
  if (::listen(fd.get(), backlog) != 0) return failure(where, "listen on");
  TRY(local, local_of(fd.get()));
  return Socket{std::move(fd), local};
}

// Those of services that go.
void Ports::silence(std::uint16_t port, const config::Config& config) {
  for (const auto& [service, all] : sockets_) {
    if (serves(config, service)) continue;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::pair<std::string, std::size_t> which(service, i);
      const bool is_silent =
          std::find(silenced_.begin(), silenced_.end(), which) != silenced_.end();
      // Never twice: a closed socket remembers it, and the clients of its next listen(2) would be read as gone.
      if (all[i].local.port() != port || is_silent) continue;
      ::shutdown(all[i].fd.get(), SHUT_RD);
      silenced_.push_back(which);
    }
  }
}

Result<std::vector<Ports::Socket>> Ports::open(const config::Service& service,
                                               const Sockets& in_force) {
  std::vector<Socket> opened;
  if (const auto old = in_force.find(service.canonical); old != in_force.end()) {
    for (const Socket& socket : old->second) {
      TRY(copy, copy_of(socket.fd));
      opened.push_back({std::move(copy), socket.local});
    }
    return opened;
  }
  TRY(endpoints, service_endpoints(service));
  for (const aio::ip::tcp::endpoint& endpoint : endpoints) {
    TRY(socket, open_one(endpoint, backlog_of(service)));
    opened.push_back(std::move(socket));
  }
  return opened;
}

Result<void> Ports::prepare(const config::Config& config, std::string* culprit) {
  next_.emplace();
  for (const config::Service& service : config.services) {
    if (!is_smtp_service(service)) continue;
    Result<std::vector<Socket>> opened = open(service, sockets_);
    if (!opened && opened.error().code == Code::unavailable) {
      const Result<Endpoints> endpoints = service_endpoints(service);
      for (const auto& endpoint : endpoints.value_or(Endpoints())) silence(endpoint.port(), config);
      if (!silenced_.empty()) opened = open(service, sockets_);
    }
    if (!opened) {
      if (culprit != nullptr) *culprit = service.name;
      drop();
      return tl::unexpected(std::move(opened.error()));
    }
    (*next_)[service.canonical] = std::move(*opened);
  }
  return {};
}

Result<void> Ports::prepare_patiently(const config::Config& config, Env& env) {
  const SteadyTime end = env.steady() + kPatience;
  Result<void> prepared = prepare(config);
  while (!prepared && prepared.error().code == Code::unavailable && env.steady() < end) {
    std::this_thread::sleep_for(kStep);
    prepared = prepare(config);
  }
  return prepared;
}

void Ports::take() {
  if (!next_) return;
  sockets_ = std::move(*next_);
  next_.reset();
  silenced_.clear();
}

void Ports::drop() {
  next_.reset();
  for (const auto& [service, number] : silenced_)
    ::listen(sockets_[service][number].fd.get(), SOMAXCONN);
  silenced_.clear();
}

std::vector<net::Endpoint> Ports::listening_on() const {
  std::vector<net::Endpoint> all;
  for (const auto& [service, some] : sockets())
    for (const Socket& socket : some) all.push_back(net::to_endpoint(socket.local));
  return all;
}

}  // namespace headgate::master
