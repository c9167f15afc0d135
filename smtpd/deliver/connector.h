// Connector: how the SMTP client gets a Wire to an address. The real one is TCP; tests hand out
// scripted wires.
//   Errors    Code::timeout when the deadline passes, else Code::unavailable with the reason
//   ("Connection refused").
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
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
  explicit TcpConnector(std::string bind_address)
      : bind_address_(std::move(bind_address)), wires_(std::make_shared<Wires>()) {}

  Task<Result<std::unique_ptr<net::Wire>>> connect(std::string address, std::uint16_t port,
                                                   std::chrono::milliseconds deadline) override;

  // Closes every connection and makes no more: for a stop that has waited long enough. Their mail stays in the queue.
  void cut();

  // Those that exist; a wire may outlive its connector.
  struct Wires {
    std::set<net::Wire*> open;
    bool cut = false;
  };

 private:
  std::string bind_address_;
  std::shared_ptr<Wires> wires_;
};

}  // namespace headgate::deliver
