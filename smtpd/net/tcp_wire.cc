// How deadlines work: a wait stores its deadline in Core and starts the socket operation. One timer per wire looks at
// that deadline when it fires: past it, it cancels the operation; before it, it arms itself anew. So the thousands of
// short waits of a session cost no timer operation at all, unless the deadline moves nearer.
// What waits for input holds a buffer of kIdleBytes: thousands of sessions do nothing else. TLS is in tcp_wire_tls.cc.
// Why no `operation || timer`: it builds a parallel group, two coroutine frames and two cancellation slots a wait.
// Tested by tcp_wire_test over loopback.
#include "smtpd/net/tcp_wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "smtpd/net/tcp_wire_core.h"

namespace headgate::net {
namespace {

constexpr std::size_t kLinesBytes = 16384;    // many lines at a time
constexpr std::size_t kContentBytes = 65536;  // for content: a message of usual size in one read
constexpr SteadyTime kNever = SteadyTime::max();

}  // namespace

TcpWire::TcpWire(aio::ip::tcp::socket socket) : core_(std::make_shared<Core>(std::move(socket))) {
  aio::error_code ignored;
  core_->socket.non_blocking(true, ignored);
  core_->socket.set_option(aio::ip::tcp::no_delay(true), ignored);
  left_ = policy_.budget;
}

TcpWire::~TcpWire() { close(); }

void TcpWire::set_deadline_policy(DeadlinePolicy policy) {
  policy_ = policy;
  left_ = policy.goes_on ? std::min<std::chrono::steady_clock::duration>(left_, policy.budget)
                         : policy.budget;
}

void TcpWire::reset_deadline() { left_ = policy_.budget; }

void TcpWire::begin_wait() {
  wait_began_ = std::chrono::steady_clock::now();
  core_->guard_until(wait_began_ + (policy_.per_request ? left_ : policy_.budget));
}

void TcpWire::end_wait(std::size_t bytes_read) {
  core_->deadline = kNever;
  if (!policy_.per_request) return;
  left_ -= std::chrono::steady_clock::now() - wait_began_;
  earn(bytes_read);
}

// What content brings, while the request has a budget.
void TcpWire::earn(std::size_t bytes_read) {
  using Duration = std::chrono::steady_clock::duration;
  if (policy_.min_data_rate_bytes != 0) {
    const double earned =
        static_cast<double>(bytes_read) / static_cast<double>(policy_.min_data_rate_bytes);
    left_ += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(earned));
  }
  left_ = std::clamp<Duration>(left_, Duration::zero(), policy_.budget);
}

Error TcpWire::failure(const aio::error_code& error, std::string_view action) const {
  if (error == aio::error::operation_aborted) {
    if (core_->expired) return Error{Code::timeout, std::string(action) + ": timed out", {}};
    return Error{Code::cancelled, std::string(action) + ": interrupted", {}};
  }
  if (error == aio::error::eof || error == aio::error::connection_reset ||
      error == aio::error::broken_pipe)
    return Error{Code::closed, std::string(action) + ": connection closed by the peer", {}};
  return Error{Code::io, std::string(action) + ": " + error.message(), {}};
}

std::string_view TcpWire::buffered() const { return {input() + begin_, end_ - begin_}; }

// A buffer of so many bytes, with what is in the one in use. Without memory for it that one goes on; so it does when it
// holds as much as a smaller one could, or more: there must be room to read.
void TcpWire::use_input(std::size_t bytes) {
  const std::size_t held = end_ - begin_;
  if (input_bytes_ == bytes || held >= bytes) return;
  std::unique_ptr<char[]> other;
  if (bytes > kIdleBytes) {
    other.reset(new (std::nothrow) char[bytes]);
    if (!other) return;
  }
  std::memmove(other ? other.get() : small_.data(), input() + begin_, held);
  large_ = std::move(other);
  input_bytes_ = bytes;
  begin_ = 0;
  end_ = held;
}

// Reads once, for a line. A session that waits does so with the small buffer inside the Wire: a larger one is taken only when
// a read has filled the one before, so that there is more, and goes when a read has not.
Task<Result<void>> TcpWire::fill() {
  if (std::exchange(core_->interrupted, false))
    co_return fail(Code::cancelled, "read: interrupted");
  use_input(more_is_there_ ? kLinesBytes : kIdleBytes);
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ != 0) {
    std::memmove(input(), input() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t room = input_bytes_ - end_;
  std::size_t count = 0;
  Result<void> done;
  if (tls_)
    done = co_await read_tls(room, count);
  else
    done = co_await read_socket(room, count);
  end_ += count;
  more_is_there_ = count == room;
  co_return done;
}

// Content is worth a large buffer, since each piece is looked at on another thread; but not while nothing comes.
Task<Result<void>> TcpWire::fill_content() {
  if (std::exchange(core_->interrupted, false))
    co_return fail(Code::cancelled, "read: interrupted");
  begin_ = end_ = 0;
  while (true) {
    use_input(kContentBytes);
    aio::error_code error;
    TlsSession::Step step = TlsSession::Step::want_read;
    if (tls_)
      step = tls_->read(input(), input_bytes_, end_);
    else
      end_ = core_->socket.read_some(aio::buffer(input(), input_bytes_), error);
    if (end_ != 0) break;
    if (error && error != aio::error::would_block) co_return tl::unexpected(failure(error, "read"));
    use_input(kIdleBytes);
    Result<void> ready = co_await wait_for(step, "read");
    if (!ready) co_return ready;
  }
  if (policy_.per_request) earn(end_);
  more_is_there_ = false;
  co_return Result<void>();
}

Task<Result<void>> TcpWire::read_socket(std::size_t room, std::size_t& count) {
  const std::shared_ptr<Core> core = core_;
  begin_wait();
  core->reading = true;
  const aio::mutable_buffer free(input() + end_, room);
  const auto [error, bytes] = co_await core->socket.async_read_some(free, kAsTuple);
  core->reading = false;
  end_wait(bytes);
  if (error) {
    if (error == aio::error::operation_aborted) core->interrupted = false;  // told now, once
    co_return tl::unexpected(failure(error, "read"));
  }
  count = bytes;
  co_return Result<void>();
}

void TcpWire::spill(std::string_view bytes, std::size_t limit_bytes) {
  const std::size_t room = limit_bytes > spill_.size() ? limit_bytes - spill_.size() : 0;
  if (bytes.size() > room) spill_truncated_ = true;
  spill_.append(bytes.substr(0, room));
}

bool TcpWire::take_line(std::size_t limit_bytes, Line& line) {
  const std::string_view input = buffered();
  const std::size_t newline = input.find('\n');
  if (newline == std::string_view::npos) {
    if (input.size() < input_bytes_) return false;
    // A full buffer without an end of line: keep its last byte, which may be the CR before the LF.
    spilling_ = true;
    spill(input.substr(0, input.size() - 1), limit_bytes);
    begin_ = end_ - 1;
    return false;
  }
  std::string_view text = input.substr(0, newline);
  line.bare_newline = text.empty() || text.back() != '\r';
  while (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  begin_ += newline + 1;
  if (spilling_) {
    spill(text, limit_bytes);
    spilling_ = false;
    line.truncated = spill_truncated_;
    line.text = spill_;
    return true;
  }
  line.truncated = text.size() > limit_bytes;
  line.text = text.substr(0, limit_bytes);
  return true;
}

Task<Result<Line>> TcpWire::read_line(std::size_t limit_bytes) {
  Line line;
  if (!spilling_) {  // else an interruption has left the beginning of this line there
    spill_.clear();
    spill_truncated_ = false;
  }
  while (!take_line(limit_bytes, line)) {
    Result<void> filled = co_await fill();
    if (!filled) co_return tl::unexpected(std::move(filled.error()));
  }
  co_return line;
}

Task<Result<std::string_view>> TcpWire::read_some() {
  if (begin_ == end_) {
    Result<void> filled = co_await fill_content();
    if (!filled) co_return tl::unexpected(std::move(filled.error()));
  }
  co_return buffered();
}

void TcpWire::consume(std::size_t bytes) { begin_ += std::min(bytes, end_ - begin_); }

std::string_view TcpWire::pending() {
  if (begin_ != end_) return buffered();
  begin_ = end_ = 0;
  if (tls_) {
    end_ = look_tls();
    return buffered();
  }
  aio::error_code error;
  const std::size_t count = core_->socket.read_some(aio::buffer(input(), input_bytes_), error);
  if (!error) end_ = count;  // an end of file or an error shows again at the next read
  return buffered();
}

void TcpWire::queue(std::string_view bytes) { output_.append(bytes); }

Task<Result<void>> TcpWire::flush() {
  Result<void> done;
  if (tls_)
    done = co_await write_tls();
  else
    done = co_await write_socket();
  output_.clear();
  if (output_.capacity() > kIdleBytes) output_.shrink_to_fit();
  co_return done;
}

Task<Result<void>> TcpWire::write_socket() {
  const std::shared_ptr<Core> core = core_;
  std::size_t written = 0;
  while (written < output_.size()) {
    begin_wait();
    const aio::const_buffer rest(output_.data() + written, output_.size() - written);
    const auto [error, count] = co_await core->socket.async_write_some(rest, kAsTuple);
    end_wait(0);
    if (error) co_return tl::unexpected(failure(error, "write"));
    written += count;
  }
  co_return Result<void>();
}

void TcpWire::close() {
  if (tls_ && core_->socket.is_open()) tls_->say_goodbye();
  core_->close();
}

void TcpWire::interrupt() {
  core_->interrupted = true;  // also when reading: the read may be complete already
  if (!core_->reading) return;
  aio::error_code ignored;
  core_->socket.cancel(ignored);
}

Endpoint TcpWire::local() const {
  aio::error_code error;
  return to_endpoint(core_->socket.local_endpoint(error));
}

Endpoint TcpWire::peer() const {
  aio::error_code error;
  return to_endpoint(core_->socket.remote_endpoint(error));
}

std::chrono::microseconds TcpWire::round_trip() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(core_->socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    return {};
  return std::chrono::microseconds(info.tcpi_rtt);
}

namespace {

// Cancels the connection attempt when its time is over; a named object because a coroutine may hold no capturing lambda.
class ConnectGuard {
 public:
  ConnectGuard(aio::ip::tcp::socket& socket, std::chrono::milliseconds timeout)
      : timer_(socket.get_executor(), timeout), expired_(std::make_shared<bool>(false)) {
    timer_.async_wait([&socket, expired = expired_](const aio::error_code& error) {
      if (error || *expired) return;
      *expired = true;
      aio::error_code ignored;
      socket.cancel(ignored);
    });
  }

  // True when the attempt was cut. Afterwards the handler touches the socket no more.
  bool finish() {
    const bool was = std::exchange(*expired_, true);
    timer_.cancel();
    return was;
  }

 private:
  aio::steady_timer timer_;
  std::shared_ptr<bool> expired_;
};

}  // namespace

Task<Result<std::unique_ptr<Wire>>> connect_tcp(std::string address, std::uint16_t port,
                                                std::chrono::milliseconds timeout,
                                                std::string bind_address) {
  const std::optional<aio::ip::address> target = parse_address(address);
  if (!target) co_return fail(Code::invalid, "not an IP address", address);
  const auto executor = co_await aio::this_coro::executor;
  aio::ip::tcp::socket socket(executor);
  aio::error_code error;
  socket.open(target->is_v4() ? aio::ip::tcp::v4() : aio::ip::tcp::v6(), error);
  if (error) co_return fail(Code::io, "socket: " + error.message(), address);
  if (!bind_address.empty()) {
    const std::optional<aio::ip::address> source = parse_address(bind_address);
    if (!source) co_return fail(Code::invalid, "not an IP address", bind_address);
    socket.bind(aio::ip::tcp::endpoint(*source, 0), error);
    if (error) co_return fail(Code::io, "bind: " + error.message(), bind_address);
  }
  ConnectGuard guard(socket, timeout);
  const aio::ip::tcp::endpoint endpoint(*target, port);
  const auto [refused] = co_await socket.async_connect(endpoint, kAsTuple);
  const bool expired = guard.finish();
  if (refused && expired) co_return fail(Code::timeout, "Connection timed out", address);
  if (refused) co_return fail(Code::unavailable, refused.message(), address);
  std::unique_ptr<Wire> wire = std::make_unique<TcpWire>(std::move(socket));
  co_return std::move(wire);
}

}  // namespace headgate::net
