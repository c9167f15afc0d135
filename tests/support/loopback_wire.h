// LoopbackWireTest: two ends of a loopback connection: the wire under test, and a plain socket that the test feeds.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "smtpd/net/tcp_wire.h"

namespace headgate::testing_support {

class LoopbackWireTest : public testing::Test {
 protected:
  void connect() {
    aio::ip::tcp::acceptor acceptor(io_,
                                    aio::ip::tcp::endpoint(aio::ip::address_v4::loopback(), 0));
    peer_ = aio::ip::tcp::socket(io_);
    peer_.connect(acceptor.local_endpoint());
    wire_ = std::make_unique<net::TcpWire>(acceptor.accept());
  }

  // Runs a coroutine to its end and returns what it gave.
  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    aio::co_spawn(io_, std::move(task), [&result](std::exception_ptr failure, T value) {
      ASSERT_FALSE(failure);
      result.emplace(std::move(value));
    });
    io_.restart();
    while (!result) io_.run_one();
    return std::move(*result);
  }

  Result<net::Line> read_line(std::size_t limit = 2048) { return await(wire_->read_line(limit)); }

  aio::io_context io_;
  aio::ip::tcp::socket peer_{io_};
  std::unique_ptr<net::TcpWire> wire_;
};

}  // namespace headgate::testing_support
