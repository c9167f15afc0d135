// The parts of TcpWire that talk TLS. TlsSession says what it needs; these wait for the socket, under the same deadlines.
// Tested by tcp_wire_tls_test over loopback.
#include <fmt/format.h>

#include "smtpd/net/tcp_wire.h"
#include "smtpd/net/tcp_wire_core.h"
#include "smtpd/net/tls_context.h"

namespace headgate::net {

using Step = TlsSession::Step;

Task<Result<TlsInfo>> TcpWire::start_tls(const TlsStart& how) {
  begin_ = end_ = 0;
  more_is_there_ = spilling_ = false;
  use_input(kIdleBytes);
  tls_ = std::make_unique<TlsSession>(how.context, core_->socket.native_handle(), how.names,
                                      how.say, how.trace);
  // One budget for the whole handshake: a peer that sends a byte now and then gets no more.
  const DeadlinePolicy before = policy_;
  DeadlinePolicy handshake;
  handshake.budget = how.timeout;
  handshake.per_request = true;
  set_deadline_policy(handshake);
  const Result<void> shaken = co_await shake_hands();
  set_deadline_policy(before);
  if (!shaken) co_return tl::unexpected(shaken.error());
  co_return tls_->info();
}

Task<Result<void>> TcpWire::shake_hands() {
  if (std::exchange(core_->interrupted, false))
    co_return fail(Code::cancelled, "TLS handshake: interrupted");
  while (true) {
    const Step step = tls_->handshake();
    if (step == Step::done) co_return Result<void>();
    Result<void> ready = co_await wait_for(step, "TLS handshake");
    if (!ready) co_return ready;
  }
}

Task<Result<void>> TcpWire::wait_for(Step step, std::string_view action) {
  if (step != Step::want_read && step != Step::want_write)
    co_return tl::unexpected(tls_failure(step, action));
  const std::shared_ptr<Core> core = core_;
  const bool reads = step == Step::want_read;
  const auto what = reads ? aio::ip::tcp::socket::wait_read : aio::ip::tcp::socket::wait_write;
  begin_wait();
  core->reading = reads;
  const auto [error] = co_await core->socket.async_wait(what, kAsTuple);
  core->reading = false;
  end_wait(0);
  if (!error) co_return Result<void>();
  if (error == aio::error::operation_aborted && reads) core->interrupted = false;  // told now, once
  co_return tl::unexpected(failure(error, action));
}

Error TcpWire::tls_failure(Step step, std::string_view action) {
  if (step == Step::closed)
    return Error{Code::closed, std::string(action) + ": connection closed by the peer", {}};
  return Error{Code::io, fmt::format("{}", fmt::join(tls_->problems(), "\n")), {}};
}

Task<Result<void>> TcpWire::read_tls(std::size_t room, std::size_t& count) {
  while (true) {
    const Step step = tls_->read(input() + end_, room, count);
    if (step == Step::done) {
      if (policy_.per_request) earn(count);
      co_return Result<void>();
    }
    Result<void> ready = co_await wait_for(step, "read");
    if (!ready) co_return ready;
  }
}

Task<Result<void>> TcpWire::write_tls() {
  std::size_t written = 0;
  while (written < output_.size()) {
    std::size_t count = 0;
    const Step step = tls_->write(std::string_view(output_).substr(written), count);
    written += count;
    if (step == Step::done) continue;
    Result<void> ready = co_await wait_for(step, "write");
    if (!ready) co_return ready;
  }
  co_return Result<void>();
}

// What is there already, without waiting; a failure shows again at the next read.
std::size_t TcpWire::look_tls() {
  std::size_t count = 0;
  static_cast<void>(tls_->read(input(), input_bytes_, count));
  return count;
}

}  // namespace headgate::net
