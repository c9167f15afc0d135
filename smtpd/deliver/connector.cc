#include "smtpd/deliver/connector.h"

#include "smtpd/net/tcp_wire.h"

namespace headgate::deliver {

Task<Result<std::unique_ptr<net::Wire>>> TcpConnector::connect(std::string address,
                                                               std::uint16_t port,
                                                               std::chrono::milliseconds deadline) {
  co_return co_await net::connect_tcp(std::move(address), port, deadline, bind_address_);
}

}  // namespace headgate::deliver
