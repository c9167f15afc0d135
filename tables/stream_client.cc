// Sockets do not block, and poll(2) waits until the deadline: a server that sends a byte a minute has no longer than one
// that is silent. Tested by tests/tables/stream_client_test.cc.
#include "tables/stream_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace headgate::tables {

namespace {

constexpr std::size_t kReadBytes = 16384;
constexpr std::chrono::milliseconds kBacklogPause{20};
constexpr std::size_t kMostDigits = 20;  // of a netstring's length

tl::unexpected<Error> failed(int error_number) {
  const Code code = error_number == ETIMEDOUT ? Code::timeout : Code::unavailable;
  return fail(code, std::strerror(error_number));
}

// Until the socket is ready or the deadline has passed.
Result<void> wait_for(int fd, short events, StreamClient::Time deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - StreamClient::Clock::now());
    const auto most = std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1 << 30);
    pollfd wanted{fd, events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(most));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return failed(errno);
    if (ready == 0 && left.count() <= most) return failed(ETIMEDOUT);
  }
}

Result<Fd> connect_to(const sockaddr* address, socklen_t size, StreamClient::Time deadline) {
  Fd socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return failed(errno);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  errno = 0;
  while (::connect(socket.get(), address, size) != 0 && errno == EAGAIN) {
    // A Unix-domain server with a full backlog; poll(2) does not tell when it has room.
    if (StreamClient::Clock::now() >= deadline) return failed(ETIMEDOUT);
    std::this_thread::sleep_for(kBacklogPause);
    errno = 0;
  }
  if (errno == 0) return socket;
  if (errno != EINPROGRESS && errno != EINTR) return failed(errno);
  TRY_OK(wait_for(socket.get(), POLLOUT, deadline));
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return failed(error);
  return socket;
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 255 || host.front() == '.' || host.back() == '.') return false;
  std::size_t label = 0;
  char before = '.';
  for (const char c : host) {
    const bool dash = c == '-';
    if (!text::is_alnum(c) && c != '_' && c != '.' && !dash) return false;
    if (c == '.' && (before == '.' || before == '-')) return false;
    if (dash && before == '.') return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
    before = c;
  }
  return before != '-';
}

bool is_address(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

}  // namespace

Result<Endpoint> parse_host_port(std::string_view text) {
  const auto bad = [&](std::string_view what) {
    return fail(Code::invalid, fmt::format("{}: {}", text, what));
  };
  Endpoint endpoint;
  endpoint.text = text;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("missing \"]\"");
    endpoint.host = text.substr(1, close - 1);
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return bad("garbage after \"]\"");
    if (!rest.empty()) endpoint.service = rest.substr(1);
  } else {
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos) endpoint.host = text.substr(0, colon);
    endpoint.service = text.substr(colon == std::string_view::npos ? 0 : colon + 1);
  }
  if (endpoint.host.empty()) endpoint.host = "localhost";
  if (endpoint.service.empty()) return bad("missing service information");
  if (!is_host_name(endpoint.host) && !is_address(endpoint.host))
    return bad("valid hostname or network address required");
  if (text::is_digit(endpoint.service.front()) && !text::all_digits(endpoint.service))
    return bad("garbage after numerical service");
  return endpoint;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return fail(Code::invalid,
                fmt::format("need service transport:endpoint instead of \"{}\"", text));
  const std::string_view transport = text.substr(0, colon), rest = text.substr(colon + 1);
  if (transport == "inet") return parse_host_port(rest);
  if (transport != "unix" && transport != "local")
    return fail(Code::invalid,
                fmt::format("invalid transport name: {} in service: {}", transport, text));
  if (rest.size() >= sizeof(sockaddr_un::sun_path))
    return fail(Code::invalid, fmt::format("unix-domain name too long: {}", rest));
  Endpoint endpoint;
  endpoint.text = endpoint.path = rest;
  return endpoint;
}

bool StreamClient::usable() const {
  if (!socket_.valid() || !unread_.empty()) return false;
  pollfd wanted{socket_.get(), POLLIN, 0};
  return ::poll(&wanted, 1, 0) == 0;
}

void StreamClient::close() {
  socket_ = Fd();
  unread_.clear();
}

Result<void> StreamClient::connect(Time deadline) {
  close();
  TRY_OK(endpoint_.path.empty() ? connect_inet(deadline) : connect_local(deadline));
  connected_at_ = used_at_ = Clock::now();
  return {};
}

Result<void> StreamClient::connect_local(Time deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  endpoint_.path.copy(address.sun_path, sizeof address.sun_path - 1);
  TRY(socket, connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline));
  socket_ = std::move(socket);
  return {};
}

// Each of the name's addresses, until one accepts; one that is silent gets its share of the time that is left.
Result<void> StreamClient::connect_inet(Time deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int status =
      ::getaddrinfo(endpoint_.host.c_str(), endpoint_.service.c_str(), &hints, &list);
  if (status != 0) {
    const char* reason = status == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(status);
    return fail(Code::unavailable,
                fmt::format("host or service {} not found: {}", endpoint_.text, reason));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  Error last{Code::unavailable, std::strerror(EADDRNOTAVAIL), {}};
  int left = 0;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) ++left;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next, --left) {
    const Time now = Clock::now();
    auto socket = connect_to(one->ai_addr, one->ai_addrlen, now + (deadline - now) / left);
    if (socket) {
      socket_ = std::move(*socket);
      return {};
    }
    last = std::move(socket.error());
  }
  return tl::unexpected(std::move(last));
}

Result<void> StreamClient::send(std::string_view data, Time deadline) {
  while (!data.empty()) {
    const ssize_t sent = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      data.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      TRY_OK(wait_for(socket_.get(), POLLOUT, deadline));
    } else if (errno != EINTR) {
      return fail(errno == EPIPE || errno == ECONNRESET ? Code::closed : Code::io,
                  std::strerror(errno));
    }
  }
  return {};
}

Result<void> StreamClient::fill(Time deadline) {
  std::array<char, kReadBytes> block;
  for (;;) {
    TRY_OK(wait_for(socket_.get(), POLLIN, deadline));
    const ssize_t got = ::recv(socket_.get(), block.data(), block.size(), 0);
    if (got > 0) {
      unread_.append(block.data(), static_cast<std::size_t>(got));
      used_at_ = Clock::now();
      return {};
    }
    if (got == 0) return fail(Code::closed, "unexpected EOF");
    if (errno == EAGAIN || errno == EINTR) continue;
    return fail(errno == ECONNRESET ? Code::closed : Code::io, std::strerror(errno));
  }
}

std::string StreamClient::take(std::size_t size) {
  std::string taken = unread_.substr(0, size);
  unread_.erase(0, size);
  return taken;
}

Result<std::string> StreamClient::read_line(std::size_t limit, Time deadline) {
  std::size_t looked = 0;
  for (;;) {
    const std::size_t end = unread_.find('\n', looked);
    if (end < limit) {
      std::string line = take(end + 1);
      line.pop_back();
      return line;
    }
    looked = unread_.size();
    if (looked >= limit) return fail(Code::limit, fmt::format("text longer than {}", limit));
    TRY_OK(fill(deadline));
  }
}

Result<std::string> StreamClient::read_exactly(std::size_t size, Time deadline) {
  while (unread_.size() < size) TRY_OK(fill(deadline));
  return take(size);
}

Result<std::string> StreamClient::read_netstring(std::size_t limit, Time deadline) {
  std::size_t length = 0, digits = 0;
  for (;; ++digits) {
    if (digits >= unread_.size()) TRY_OK(fill(deadline));
    const char c = unread_[digits];
    if (c == ':' && digits > 0) break;
    if (!text::is_digit(c) || digits == kMostDigits)
      return fail(Code::corrupt, "input format error");
    length = length * 10 + static_cast<std::size_t>(c - '0');
    if (length > limit) return fail(Code::limit, "input exceeds size limit");
  }
  unread_.erase(0, digits + 1);
  TRY(data, read_exactly(length + 1, deadline));
  if (data.back() != ',') return fail(Code::corrupt, "input format error");
  data.pop_back();
  return std::move(data);
}

}  // namespace headgate::tables
