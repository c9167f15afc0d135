// "" listens on 0.0.0.0 and, where the kernel has IPv6, on :: with V6ONLY, so that neither steals from the other.
// Tested by front_test and tests/e2e/lifecycle_test.py.
#include "smtpd/net/listener.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::net {
namespace {

tl::unexpected<Error> bind_failure(const aio::ip::tcp::endpoint& where, std::string_view step,
                                   const aio::error_code& error) {
  return fail(Code::unavailable, fmt::format("{} {} port {}: {}", step, to_text(where.address()),
                                             where.port(), error.message()));
}

// getaddrinfo takes 65537 for 1.
bool is_beyond_ports(const std::string& port) {
  return text::all_digits(port) && (port.size() > 5 || std::stoi(port) > 65535);
}

}  // namespace

Result<Listener> Listener::open(const aio::any_io_executor& executor,
                                const aio::ip::tcp::endpoint& where, int backlog) {
  aio::ip::tcp::acceptor acceptor(executor);
  aio::error_code error;
  acceptor.open(where.protocol(), error);
  if (error) return bind_failure(where, "socket for", error);
  acceptor.set_option(aio::socket_base::reuse_address(true), error);
  if (where.address().is_v6()) acceptor.set_option(aio::ip::v6_only(true), error);
  acceptor.bind(where, error);
  if (error) return bind_failure(where, "bind", error);
  acceptor.listen(backlog, error);
  if (error) return bind_failure(where, "listen on", error);
  Listener listener(std::move(acceptor), Owner::we);
  listener.local_ = to_endpoint(listener.acceptor_.local_endpoint(error));
  return listener;
}

Result<Listener> Listener::adopt(const aio::any_io_executor& executor, Fd socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail_errno("getsockname", "listener", errno);
  const auto protocol = address.ss_family == AF_INET6 ? aio::ip::tcp::v6() : aio::ip::tcp::v4();
  aio::ip::tcp::acceptor acceptor(executor);
  aio::error_code error;
  acceptor.assign(protocol, socket.get(), error);
  if (error) return fail(Code::io, "listener: " + error.message());
  static_cast<void>(socket.release());
  Listener listener(std::move(acceptor), Owner::somebody_else);
  listener.local_ = to_endpoint(listener.acceptor_.local_endpoint(error));
  return listener;
}

Task<Result<aio::ip::tcp::socket>> Listener::accept() {
  aio::ip::tcp::socket socket(acceptor_.get_executor());
  const auto [error] = co_await acceptor_.async_accept(socket, kAsTuple);
  if (!error) co_return std::move(socket);
  if (error == aio::error::operation_aborted || !acceptor_.is_open())
    co_return fail(Code::cancelled, "accept: closed");
  if (error == aio::error::no_descriptors || error == aio::error::no_buffer_space ||
      error == aio::error::no_memory)
    co_return fail(Code::unavailable, "accept: " + error.message());
  co_return fail(Code::io, "accept: " + error.message());
}

// A child between fork and exec has the descriptor, too, and its port would stay taken: shutdown ends the listening for all.
void Listener::close() {
  aio::error_code ignored;
  if (owner_ == Owner::we && acceptor_.is_open()) ::shutdown(acceptor_.native_handle(), SHUT_RD);
  acceptor_.close(ignored);
}

Result<aio::ip::tcp::socket> move_to(const aio::any_io_executor& executor,
                                     aio::ip::tcp::socket socket) {
  aio::error_code error;
  const aio::ip::tcp protocol = socket.local_endpoint(error).protocol();
  if (error) return fail(Code::io, "connection: " + error.message());
  Fd descriptor(socket.release(error));
  if (error) return fail(Code::io, "connection: " + error.message());
  aio::ip::tcp::socket moved(executor);
  moved.assign(protocol, descriptor.get(), error);
  if (error) return fail(Code::io, "connection: " + error.message());
  static_cast<void>(descriptor.release());
  return moved;
}

int backlog_of(std::int64_t process_limit, bool accepts_at_once) {
  const std::int64_t least = accepts_at_once ? SOMAXCONN : 1;
  return static_cast<int>(std::clamp<std::int64_t>(process_limit, least, 65535));
}

Result<std::vector<aio::ip::tcp::endpoint>> listen_endpoints(const std::string& host,
                                                             const std::string& port) {
  if (is_beyond_ports(port))
    return fail(Code::invalid, "bad port, the last one is 65535", host + ":" + port);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  std::string name = host;
  if (name.size() >= 2 && name.front() == '[' && name.back() == ']')
    name = name.substr(1, name.size() - 2);
  addrinfo* list = nullptr;
  const int status =
      getaddrinfo(name.empty() ? nullptr : name.c_str(), port.c_str(), &hints, &list);
  if (status != 0)
    return fail(Code::invalid, fmt::format("bad host or port: {}", gai_strerror(status)),
                host + ":" + port);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<aio::ip::tcp::endpoint> endpoints;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    aio::ip::tcp::endpoint endpoint;
    if (item->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), item->ai_addr, item->ai_addrlen);
    endpoint.resize(item->ai_addrlen);
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

}  // namespace headgate::net
