// Connector: how the SMTP client gets a Wire to an address. The real one is TCP; tests hand out
// scripted wires.
//   Errors    Code::timeout when the deadline passes, else Code::unavailable with the reason
//   ("Connection refused").
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "smtpd/net/aio.h"
#include "smtpd/net/wire.h"

namespace headgate::deliver {

class Connector {
 public:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  virtual ~Connector() = default;

  virtual Task<Result<std::unique_ptr<net::Wire>>> connect(std::string address, std::uint16_t port,
                                                           std::chrono::milliseconds deadline) = 0;
};

// TCP, from smtp_bind_address where one is set.
class TcpConnector final : public Connector {
 public:
  explicit TcpConnector(std::string bind_address) : bind_address_(std::move(bind_address)) {}

  Task<Result<std::unique_ptr<net::Wire>>> connect(std::string address, std::uint16_t port,
                                                   std::chrono::milliseconds deadline) override;

 private:
  std::string bind_address_;
};

}  // namespace headgate::deliver
