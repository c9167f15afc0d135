// TcpWire::Core: the socket, and the timer that cuts waits for it. For tcp_wire*.cc alone.
//   Lifetime  shared with the timer's handler, which may outlive the Wire.        Threads  those of the io_context.
#pragma once

#include <memory>
#include <utility>

#include "smtpd/net/tcp_wire.h"

namespace headgate::net {

struct TcpWire::Core : std::enable_shared_from_this<TcpWire::Core> {
  explicit Core(aio::ip::tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {}

  void guard_until(SteadyTime when) {
    deadline = when;
    expired = false;
    if (!armed || timer.expiry() > when) arm();
  }

  void arm() {
    armed = true;
    timer.expires_at(deadline);
    timer.async_wait([self = shared_from_this()](const aio::error_code& error) {
      if (!error) self->fired();  // an error means that arm() or close() replaced this wait
    });
  }

  void fired() {
    armed = false;
    if (deadline == SteadyTime::max()) return;
    if (std::chrono::steady_clock::now() < deadline) return arm();
    expired = true;
    aio::error_code ignored;
    socket.cancel(ignored);
  }

  void close() {
    aio::error_code ignored;
    timer.cancel();
    armed = false;
    deadline = SteadyTime::max();
    socket.close(ignored);
  }

  aio::ip::tcp::socket socket;
  aio::steady_timer timer;
  SteadyTime deadline = SteadyTime::max();
  bool armed = false;
  bool expired = false;
  bool reading = false;
  bool interrupted = false;
};

}  // namespace headgate::net
