// How deadlines work: a wait stores its deadline in Core and starts the socket operation. One timer per wire looks at
// that deadline when it fires: past it, it cancels the operation; before it, it arms itself anew. So the thousands of
// short waits of a session cost no timer operation at all, unless the deadline moves nearer.
// Why no `operation || timer`: it builds a parallel group, two coroutine frames and two cancellation slots a wait.
// Tested by tcp_wire_test over loopback.
#include "smtpd/net/tcp_wire.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace headgate::net {
namespace {

constexpr std::size_t kInputBytes = 16384;    // for lines
constexpr std::size_t kContentBytes = 65536;  // for content: a message of usual size in one read
constexpr SteadyTime kNever = SteadyTime::max();

}  // namespace

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
    if (deadline == kNever) return;
    if (std::chrono::steady_clock::now() < deadline) return arm();
    expired = true;
    aio::error_code ignored;
    socket.cancel(ignored);
  }

  void close() {
    aio::error_code ignored;
    timer.cancel();
    armed = false;
    deadline = kNever;
    socket.close(ignored);
  }

  aio::ip::tcp::socket socket;
  aio::steady_timer timer;
  SteadyTime deadline = kNever;
  bool armed = false;
  bool expired = false;
  bool reading = false;
  bool interrupted = false;
};

TcpWire::TcpWire(aio::ip::tcp::socket socket)
    : core_(std::make_shared<Core>(std::move(socket))),
      input_(new char[kInputBytes]),
      input_bytes_(kInputBytes) {
  aio::error_code ignored;
  core_->socket.non_blocking(true, ignored);
  core_->socket.set_option(aio::ip::tcp::no_delay(true), ignored);
  left_ = policy_.budget;
}

TcpWire::~TcpWire() { core_->close(); }

void TcpWire::set_deadline_policy(DeadlinePolicy policy) {
  policy_ = policy;
  reset_deadline();
}

void TcpWire::reset_deadline() { left_ = policy_.budget; }

void TcpWire::begin_wait() {
  wait_began_ = std::chrono::steady_clock::now();
  core_->guard_until(wait_began_ + (policy_.per_request ? left_ : policy_.budget));
}

void TcpWire::end_wait(std::size_t bytes_read) {
  core_->deadline = kNever;
  if (!policy_.per_request) return;
  using Duration = std::chrono::steady_clock::duration;
  left_ -= std::chrono::steady_clock::now() - wait_began_;
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

std::string_view TcpWire::buffered() const { return {input_.get() + begin_, end_ - begin_}; }

// Another buffer, if the one in use holds nothing; without memory for it that one goes on.
void TcpWire::use_input(std::size_t bytes) {
  if (begin_ != end_ || input_bytes_ == bytes) return;
  std::unique_ptr<char[]> other(new (std::nothrow) char[bytes]);
  if (!other) return;
  input_ = std::move(other);
  input_bytes_ = bytes;
  begin_ = end_ = 0;
}

// Reads once into the free part of the buffer, which is never empty here: the callers spill or return what is there.
Task<Result<void>> TcpWire::fill() {
  if (std::exchange(core_->interrupted, false))
    co_return fail(Code::cancelled, "read: interrupted");
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ != 0) {
    std::memmove(input_.get(), input_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const std::shared_ptr<Core> core = core_;
  begin_wait();
  core->reading = true;
  const aio::mutable_buffer room(input_.get() + end_, input_bytes_ - end_);
  const auto [error, count] = co_await core->socket.async_read_some(room, kAsTuple);
  core->reading = false;
  end_wait(count);
  if (error) {
    if (error == aio::error::operation_aborted) core->interrupted = false;  // told now, once
    co_return tl::unexpected(failure(error, "read"));
  }
  end_ += count;
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
  use_input(kInputBytes);
  spill_.clear();
  spill_truncated_ = false;
  while (!take_line(limit_bytes, line)) {
    Result<void> filled = co_await fill();
    if (!filled) co_return tl::unexpected(std::move(filled.error()));
  }
  co_return line;
}

Task<Result<std::string_view>> TcpWire::read_some() {
  if (begin_ == end_) {
    use_input(kContentBytes);
    Result<void> filled = co_await fill();
    if (!filled) co_return tl::unexpected(std::move(filled.error()));
  }
  co_return buffered();
}

void TcpWire::consume(std::size_t bytes) { begin_ += std::min(bytes, end_ - begin_); }

std::string_view TcpWire::pending() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    aio::error_code error;
    const std::size_t count =
        core_->socket.read_some(aio::buffer(input_.get(), input_bytes_), error);
    if (!error) end_ = count;  // an end of file or an error shows again at the next read
  }
  return buffered();
}

void TcpWire::queue(std::string_view bytes) { output_.append(bytes); }

Task<Result<void>> TcpWire::flush() {
  const std::shared_ptr<Core> core = core_;
  std::size_t written = 0;
  while (written < output_.size()) {
    begin_wait();
    const aio::const_buffer rest(output_.data() + written, output_.size() - written);
    const auto [error, count] = co_await core->socket.async_write_some(rest, kAsTuple);
    end_wait(0);
    if (error) {
      output_.clear();
      co_return tl::unexpected(failure(error, "write"));
    }
    written += count;
  }
  output_.clear();
  if (output_.capacity() > kInputBytes) output_.shrink_to_fit();
  co_return Result<void>();
}

void TcpWire::close() { core_->close(); }

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
