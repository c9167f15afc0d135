// FakeServer: a thread that plays a lookup server. Each connection is handed to the script, one after the other; what the script
// wants to know of the client it reads itself.
//   Lifetime  the destructor ends the thread: scripts must return when the client hangs up.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace headgate::tables {

// One connection, as the script sees it.
class Peer {
 public:
  Peer(int fd, int number) : fd_(fd), number_(number) {}

  [[nodiscard]] int number() const { return number_; }  // from 1

  // Up to and without `end`; empty when the client hung up.
  std::string read_until(char end) {
    std::string text;
    for (char c = 0; ::read(fd_, &c, 1) == 1 && c != end;) text += c;
    return text;
  }

  std::string read_exactly(std::size_t size) {
    std::string text(size, '\0');
    std::size_t got = 0;
    for (ssize_t n = 1; got < size && n > 0; got += n > 0 ? static_cast<std::size_t>(n) : 0)
      n = ::read(fd_, text.data() + got, size - got);
    text.resize(got);
    return text;
  }

  std::string read_netstring() {
    const std::string length = read_until(':');
    if (length.empty()) return {};
    std::string text = read_exactly(std::stoul(length) + 1);
    if (!text.empty()) text.pop_back();
    return text;
  }

  void say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  // A segment a byte.
  void say_slowly(std::string_view text) {
    for (const char c : text) {
      say(std::string_view(&c, 1));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void wait_for_end() {
    char c = 0;
    while (::read(fd_, &c, 1) > 0) {
    }
  }

 private:
  int fd_;
  int number_;
};

class FakeServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit FakeServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }

  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  ~FakeServer() {
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  [[nodiscard]] int connections() const { return connections_; }

 private:
  void run() {
    while (!ending_) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      Peer peer(fd, ++connections_);
      script_(peer);
      ::close(fd);
    }
  }

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace headgate::tables
