// StreamClient: one connection to a server of lookups, with deadlines, for the tables that ask over a socket.
//   Units     a deadline is a point of steady time and holds for the whole call, however often data trickles in.
//   Threads   one owner; every call may block until its deadline (resolving a name: as long as the resolver takes).
//   Errors    Code::unavailable no connection, closed, timeout, limit (longer than allowed), corrupt (not a netstring).
//             After an Error the connection is of no use: close().
//   Source    tcp_table(5), socketmap_table(5); what host:port may look like was asked of postmap(1) 3.7.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/file.h"

namespace headgate::tables {

// What a question may cost, and how long a connection is kept.
struct ClientLimits {
  std::chrono::milliseconds total{100'000};  // a question with all its tries
  std::chrono::milliseconds pause{1000};     // tcp: between two tries
  std::chrono::milliseconds idle{
      10'000};  // socketmap: a connection that was idle for longer is not used again,
  std::chrono::milliseconds life{100'000};  // nor one that is older
};

struct Endpoint {
  std::string text;           // for people: "127.0.0.1:25" or the socket's path
  std::string host, service;  // of a TCP server
  std::string path;           // of a Unix-domain socket; then host and service are empty
};

// "host:port", "[address]:port", "port" (of localhost).
Result<Endpoint> parse_host_port(std::string_view text);

// "inet:" and the above, "unix:path".
Result<Endpoint> parse_endpoint(std::string_view text);

class StreamClient {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  explicit StreamClient(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  // Whether a question may be put to the connection that is there. What the server said unasked, or its good-bye, makes a
  // connection useless: the next answer would be that of another question.
  [[nodiscard]] bool usable() const;

  [[nodiscard]] Time connected_at() const { return connected_at_; }

  [[nodiscard]] Time used_at() const { return used_at_; }  // the last answer

  Result<void> connect(Time deadline);
  void close();

  Result<void> send(std::string_view data, Time deadline);

  // Without its newline; `limit` counts that one, too.
  Result<std::string> read_line(std::size_t limit, Time deadline);
  Result<std::string> read_exactly(std::size_t size, Time deadline);
  Result<std::string> read_netstring(std::size_t limit, Time deadline);

 private:
  Result<void> connect_inet(Time deadline);
  Result<void> connect_local(Time deadline);
  Result<void> fill(Time deadline);  // at least one byte more
  std::string take(std::size_t size);

  Endpoint endpoint_;
  Fd socket_;
  std::string unread_;
  Time connected_at_{}, used_at_{};
};

}  // namespace headgate::tables
