// Tested by tests/e2e/lifecycle_test.py (a stop while the next hop is silent) and smtp_sink_test.
#include "smtpd/deliver/connector.h"

#include <utility>

#include "smtpd/net/tcp_wire.h"

namespace headgate::deliver {
namespace {

using WiresPtr = std::shared_ptr<TcpConnector::Wires>;

// Another wire, registered as long as it lives.
class CountedWire final : public net::Wire {
 public:
  CountedWire(std::unique_ptr<net::Wire> wire, WiresPtr wires)
      : wire_(std::move(wire)), wires_(std::move(wires)) {
    wires_->open.insert(this);
  }

  CountedWire(const CountedWire&) = delete;
  CountedWire& operator=(const CountedWire&) = delete;

  ~CountedWire() override { wires_->open.erase(this); }

  void set_deadline_policy(net::DeadlinePolicy policy) override {
    wire_->set_deadline_policy(policy);
  }

  void reset_deadline() override { wire_->reset_deadline(); }

  Task<Result<net::Line>> read_line(std::size_t limit_bytes) override {
    return wire_->read_line(limit_bytes);
  }

  Task<Result<std::string_view>> read_some() override { return wire_->read_some(); }

  void consume(std::size_t bytes) override { wire_->consume(bytes); }

  std::string_view pending() override { return wire_->pending(); }

  [[nodiscard]] std::string_view buffered() const override { return wire_->buffered(); }

  void queue(std::string_view bytes) override { wire_->queue(bytes); }

  Task<Result<void>> flush() override { return wire_->flush(); }

  Task<Result<net::TlsInfo>> start_tls(const net::TlsStart& how) override {
    return wire_->start_tls(how);
  }

  void close() override { wire_->close(); }

  void interrupt() override { wire_->interrupt(); }

 private:
  std::unique_ptr<net::Wire> wire_;
  WiresPtr wires_;
};

}  // namespace

Task<Result<std::unique_ptr<net::Wire>>> TcpConnector::connect(std::string address,
                                                               std::uint16_t port,
                                                               std::chrono::milliseconds deadline) {
  const WiresPtr wires = wires_;
  if (wires->cut) co_return fail(Code::unavailable, "the server is stopping");
  Result<std::unique_ptr<net::Wire>> wire =
      co_await net::connect_tcp(std::move(address), port, deadline, bind_address_);
  if (!wire) co_return wire;
  if (wires->cut) co_return fail(Code::unavailable, "the server is stopping");
  std::unique_ptr<net::Wire> counted = std::make_unique<CountedWire>(std::move(*wire), wires);
  co_return std::move(counted);
}

void TcpConnector::cut() {
  wires_->cut = true;
  for (net::Wire* wire : wires_->open) wire->close();
}

}  // namespace headgate::deliver
