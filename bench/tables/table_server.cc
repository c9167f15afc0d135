#include "bench/tables/table_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace headgate {

namespace {

constexpr std::string_view kValue = "REJECT listed entry";

void check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

bool has(std::string_view key) { return !key.starts_with("other"); }

// The first line, without its end, out of what was received.
std::optional<std::string> take_line(std::string& received) {
  const auto end = received.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = received.substr(0, end);
  received.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void talk(const Fd& connection, TableServer::Protocol protocol) {
  const int one = 1;
  ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  std::array<char, 4096> piece;
  std::string received;
  for (;;) {
    const auto got = ::recv(connection.get(), piece.data(), piece.size(), 0);
    if (got <= 0) return;
    received.append(piece.data(), static_cast<std::size_t>(got));
    while (const auto reply = protocol(received)) {
      if (::send(connection.get(), reply->data(), reply->size(), MSG_NOSIGNAL) < 0) return;
    }
  }
}

}  // namespace

std::optional<std::string> TableServer::tcp(std::string& received) {
  const auto line = take_line(received);
  if (!line) return std::nullopt;
  const std::string_view key = std::string_view(*line).substr(line->find(' ') + 1);
  return has(key) ? "200 REJECT%20listed%20entry\n" : "500 not%20found\n";
}

std::optional<std::string> TableServer::socketmap(std::string& received) {
  const auto colon = received.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::size_t size = std::stoul(received.substr(0, colon));
  if (received.size() < colon + 1 + size + 1) return std::nullopt;
  const std::string question = received.substr(colon + 1, size);
  received.erase(0, colon + 1 + size + 1);
  const bool found = has(std::string_view(question).substr(question.find(' ') + 1));
  const std::string reply = found ? fmt::format("OK {}", kValue) : "NOTFOUND ";
  return fmt::format("{}:{},", reply.size(), reply);
}

std::optional<std::string> TableServer::memcache(std::string& received) {
  const auto line = take_line(received);
  if (!line) return std::nullopt;
  const std::string_view key = std::string_view(*line).substr(line->find(' ') + 1);
  if (!has(key)) return "END\r\n";
  return fmt::format("VALUE {} 0 {}\r\n{}\r\nEND\r\n", key, kValue.size(), kValue);
}

TableServer::TableServer(Protocol protocol)
    : protocol_(protocol), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  check(listener_.get() >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener_.get(), generic, size) == 0, "bind");
  check(::listen(listener_.get(), 8) == 0, "listen");
  check(::getsockname(listener_.get(), generic, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TableServer::~TableServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

void TableServer::serve() const {
  for (;;) {
    const Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() < 0) return;
    talk(connection, protocol_);
  }
}

}  // namespace headgate
