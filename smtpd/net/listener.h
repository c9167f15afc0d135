// Listener: one listening TCP socket. Whoever wants no more clients now does not call accept(): they wait in the
// kernel's backlog, connected and without a greeting, as with Postfix.
//   Units     backlog in connections.            Threads  those of the io_context, one coroutine at a time.
//   Errors    Code::unavailable "bind ADDRESS port N: Address already in use"; accept() gives Code::cancelled after
//             close(), Code::unavailable when the process has no descriptors left, Code::io otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "smtpd/net/address.h"

namespace headgate::net {

class Listener {
 public:
  static Result<Listener> open(const aio::any_io_executor& executor,
                               const aio::ip::tcp::endpoint& where, int backlog);

  // A socket that somebody else has bound, and may have open, too: it listens on when this one closes.
  static Result<Listener> adopt(const aio::any_io_executor& executor, Fd socket);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = delete;

  ~Listener() { close(); }

  Task<Result<aio::ip::tcp::socket>> accept();
  void close();

  [[nodiscard]] Endpoint local() const { return local_; }

 private:
  enum class Owner { we, somebody_else };

  Listener(aio::ip::tcp::acceptor acceptor, Owner owner)
      : acceptor_(std::move(acceptor)), owner_(owner) {}

  aio::ip::tcp::acceptor acceptor_;
  Owner owner_;
  Endpoint local_;
};

// A connection for the coroutines of another executor, before it has been used here. Code::io: it is closed.
Result<aio::ip::tcp::socket> move_to(const aio::any_io_executor& executor,
                                     aio::ip::tcp::socket socket);

// For listen(2). As Postfix: clients beyond the process limit wait in the backlog. Where they are accepted at once it is for a
// moment's crowd: whose first packet it has no room for comes again after a second.
int backlog_of(std::int64_t process_limit, bool accepts_at_once);

// The endpoints that a service's host and port stand for: numeric, a name, or "" for every address. Blocks on
// getaddrinfo(3): for start-up and reload. `port` is a number or a service name ("smtp").
Result<std::vector<aio::ip::tcp::endpoint>> listen_endpoints(const std::string& host,
                                                             const std::string& port);

}  // namespace headgate::net
